"""Scoring a submission: a folder of predictions against a folder of labels, as the benchmark does it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from xtl.base.errors import UserError
from xtl.evaluation.submissions import line_of, quoted, read_answers, read_json, read_lines, read_pairs, read_tags
from xtl.tasks.catalog import TASKS, Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.answers import tokens_of

Points = dict[str, float]  # metric -> points


@dataclass(frozen=True)
class TaskScores:
    """The scores of one task of a submission.

    Attributes:
        languages: those that are scored.
        average: the plain mean over them.
        missing: languages of the benchmark of which a file lacks on either side.
    """

    languages: dict[str, Points] = field(default_factory=dict)
    average: Points = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SubmissionScores:
    """All tasks of the benchmark by the names of their folders.

    Attributes:
        overall: the mean of their scores, where all are complete.
        unread: files among the predictions that are of no task or no language of it.
    """

    tasks: dict[str, TaskScores]
    overall: float | None
    unread: list[str] = field(default_factory=list)


def benchmark() -> dict[str, Task]:
    """The tasks of the benchmark by the names of their submission folders."""
    return {task.submission: task for task in TASKS.values() if task.submission}


def score_folders(predictions: str | Path, labels: str | Path) -> SubmissionScores:
    """Score what is there, list what is missing.

    Both folders hold a folder a task with `test-<language>.tsv` (`.json` for question answering). Raises UserError for
    a folder that is none, a folder without any prediction, and a file that cannot be scored.
    """
    predictions = Path(predictions)
    labels = Path(labels)
    for folder, role in ((predictions, "predictions"), (labels, "labels")):
        if not folder.is_dir():
            raise UserError(f"{role}: {folder} is not a folder; give one that holds a folder a task, e.g. xnli/.")
    tasks = {name: _score_task(task, predictions / name, labels / name) for name, task in benchmark().items()}
    if not any(scores.languages for scores in tasks.values()):
        raise UserError(
            f"{predictions} and {labels} have no file in common; expected TASK/test-LANGUAGE.tsv (.json for question "
            f"answering) in both, with a TASK of {', '.join(tasks)}."
        )
    points = [task_score(name, scores) for name, scores in tasks.items() if not scores.missing]
    complete = [score for score in points if score is not None]
    overall = fmean(complete) if len(complete) == len(tasks) else None
    return SubmissionScores(tasks, overall, _unread(predictions))


def task_score(name: str, scores: TaskScores) -> float | None:
    """The mean of the averages of the metrics that make up a task's score, None where nothing is scored."""
    if not scores.average:
        return None
    return fmean(scores.average[metric] for metric in benchmark()[name].score)


def _file(task: Task, language: str) -> str:
    """The name of the file of a language."""
    return f"test-{language}{'.json' if task.format == 'span' else '.tsv'}"


def _unread(predictions: Path) -> list[str]:
    """The files of a submission that the benchmark does not look for, hidden ones left out."""
    expected = {predictions / name / _file(task, code) for name, task in benchmark().items() for code in task.languages}
    unread = []
    for path in sorted(predictions.rglob("*")):
        if path.is_file() and path not in expected and not path.name.startswith("."):
            unread.append(path.relative_to(predictions).as_posix())
    return unread


def _score_task(task: Task, predictions: Path, labels: Path) -> TaskScores:
    languages = {}
    missing = []
    for language in task.languages:
        predicted = predictions / _file(task, language)
        gold = labels / _file(task, language)
        if predicted.is_file() and gold.is_file():
            languages[language] = _SCORERS[task.format](task, language, predicted, gold)
        else:
            missing.append(language)
    average = {}
    if languages:
        average = {metric: fmean(points[metric] for points in languages.values()) for metric in task.metrics}
    return TaskScores(languages, average, missing)


def _score_labels(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    expected = f"expected {', '.join(task.labels)}"
    labels, guesses = _read_both(predicted, gold, lambda line: line in task.labels, expected)
    places = {label: place for place, label in enumerate(task.labels)}
    points, _ = metrics.label_scores(
        [places[label] for label in labels], [places[label] for label in guesses], task.metrics
    )
    return points


def _score_indices(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    """Indices of sentences, counted from 0; labels of fewer sentences than the pool has do not tell its size."""
    labels = read_lines(gold)
    whole = set(labels) == {str(number) for number in range(len(labels))}
    largest = (len(labels) if whole else max(*task.size["test"], len(labels))) - 1
    expected = f"expected the index of a sentence, 0 to {largest:,}"
    labels, guesses = _read_both(predicted, gold, lambda line: _is_index(line, largest), expected)
    return metrics.accuracy(labels, guesses)[0]


def _is_index(line: str, largest: int) -> bool:
    """Whether a line is a number from 0 to the largest, written as the benchmark does: it compares texts."""
    return line.isascii() and line.isdigit() and len(line) < 10 and line == str(int(line)) and int(line) <= largest


def _read_both(predicted: Path, gold: Path, fits: Callable[[str], bool], expected: str) -> tuple[list[str], list[str]]:
    """The lines of labels and predictions, which must fit, and be as many."""
    labels = read_lines(gold)
    guesses = read_lines(predicted)
    for path, lines in ((gold, labels), (predicted, guesses)):
        for number, line in enumerate(lines, 1):
            if not fits(line):
                raise UserError(f"{path}, line {number}: {_problem(line)}; {expected}.")
    _same_number(predicted, len(guesses), "lines", len(labels), gold)
    return labels, guesses


def _problem(line: str) -> str:
    """What a line is that is not what a line should be."""
    columns = len(line.split("\t"))
    if columns > 1:
        return f"{quoted(line)} has {columns} columns"
    return f"{quoted(line)} is out of place" if line else "it is empty"


def _score_tags(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    labels = _tags(task, gold)
    guesses = _tags(task, predicted)
    _same_number(predicted, len(guesses), "sentences", len(labels), gold)
    for number, (tags, guessed) in enumerate(zip(labels, guesses, strict=True), 1):
        if len(tags) != len(guessed):
            line = _first_line(guesses, number - 1)
            raise UserError(
                f"{predicted}: sentence {number} has {len(guessed)} tags, but its labels are {len(tags)} (line {line})."
            )
    points, _ = metrics.tag_scores(labels, guesses)
    return {metric: points[metric] for metric in task.metrics}


def _tags(task: Task, path: Path) -> list[list[str]]:
    """The sentences of a file; those without words at its end are empty lines, and say nothing."""
    sentences = read_tags(path)
    for place, tags in enumerate(sentences):
        for word, tag in enumerate(tags):
            if tag not in task.labels:
                line = _first_line(sentences, place) + word
                raise UserError(
                    f"{path}, line {line}: {quoted(tag)} is no tag of {task.name} ({' '.join(task.labels)})."
                )
    while sentences and not sentences[-1]:
        sentences.pop()
    return sentences


def _first_line(sentences: list[list[str]], place: int) -> int:
    """The line of the first tag of a sentence: every sentence before it ends with an empty line."""
    return sum(len(tags) + 1 for tags in sentences[:place]) + 1


def _score_answers(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    """Answers against labels in SQuAD's format; a question without an answer scores 0."""
    answers = read_answers(predicted)
    references = _references(gold)
    guesses = [answers.get(name) for name, _ in references]
    if all(guess is None for guess in guesses):
        raise UserError(f"{predicted} answers none of the questions of {gold}; their ids must be the same.")
    questions = {name for name, _ in references}
    for name in answers:
        if name not in questions:
            line = line_of(predicted, name)
            raise UserError(f"{predicted}, line {line}: {gold} has no question {quoted(name)}.")
    return metrics.squad([texts for _, texts in references], guesses, tokens_of(task, language))[0]


def _references(gold: Path) -> list[tuple[str, list[str]]]:
    """The questions of a file in SQuAD's format: ids and reference answers."""
    content = read_json(gold)
    references = []
    try:
        for article in content if isinstance(content, list) else content["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    references.append((question["id"], [answer["text"] for answer in question["answers"]]))
    except (KeyError, TypeError):
        raise UserError(f"{gold}: expected labels in SQuAD's format (data, paragraphs, qas, answers).") from None
    names = set()
    for name, texts in references:
        if not isinstance(name, str) or name in names:
            raise UserError(f"{gold}: the id {quoted(str(name))} is no text, or of more than one question.")
        names.add(name)
        if not texts or not all(isinstance(text, str) for text in texts):
            raise UserError(
                f"{gold}: every reference answer must be a text, and question {quoted(name)} must have one."
            )
    if not references:
        raise UserError(f"{gold} has no question.")
    return references


def _score_pairs(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    labels = _pairs(language, gold)
    if not labels:
        raise UserError(f"{gold} is empty; it must hold the gold pairs.")
    return metrics.set_f1(labels, _pairs(language, predicted))


def _pairs(language: str, path: Path) -> list[tuple[str, str]]:
    """The pairs of a file, whose ids begin with the language and with English."""
    pairs = read_pairs(path)
    for number, (foreign, english) in enumerate(pairs, 1):
        if not foreign.startswith(f"{language}-") or not english.startswith("en-"):
            given = quoted(f"{foreign} {english}")
            raise UserError(f"{path}, line {number}: {given}; expected an id {language}-… and an id en-….")
    return pairs


_SCORERS: dict[str, Callable[[Task, str, Path, Path], Points]] = {
    "classification": _score_labels,
    "retrieval": _score_indices,
    "tagging": _score_tags,
    "span": _score_answers,
    "mining": _score_pairs,
}


def _same_number(path: Path, given: int, what: str, expected: int, gold: Path) -> None:
    if not expected:
        raise UserError(f"{gold} is empty; it must hold the right answers.")
    if given != expected:
        raise UserError(f"{path} has {given:,} {what}, but its labels have {expected:,}.")
