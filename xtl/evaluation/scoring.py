"""Scoring a submission: a folder of predictions against a folder of labels, as the benchmark does it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from xtl.base.errors import UserError
from xtl.evaluation.submissions import read_answers, read_json, read_lines, read_pairs, read_tags
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
    """All tasks of the benchmark by the names of their folders; the mean of their scores where all are complete."""

    tasks: dict[str, TaskScores]
    overall: float | None


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
    return SubmissionScores(tasks, fmean(complete) if len(complete) == len(tasks) else None)


def task_score(name: str, scores: TaskScores) -> float | None:
    """The mean of the averages of the metrics that make up a task's score, None where nothing is scored."""
    if not scores.average:
        return None
    return fmean(scores.average[metric] for metric in benchmark()[name].score)


def _score_task(task: Task, predictions: Path, labels: Path) -> TaskScores:
    suffix = ".json" if task.format == "span" else ".tsv"
    languages = {}
    missing = []
    for language in task.languages:
        predicted = predictions / f"test-{language}{suffix}"
        gold = labels / f"test-{language}{suffix}"
        if predicted.is_file() and gold.is_file():
            languages[language] = _SCORERS[task.format](task, language, predicted, gold)
        else:
            missing.append(language)
    average = {}
    if languages:
        average = {metric: fmean(points[metric] for points in languages.values()) for metric in task.metrics}
    return TaskScores(languages, average, missing)


def _score_lines(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    labels = read_lines(gold)
    guesses = read_lines(predicted)
    _same_number(predicted, len(guesses), "lines", len(labels), gold)
    return metrics.accuracy(labels, guesses)[0]


def _score_tags(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    labels = read_tags(gold)
    guesses = read_tags(predicted)
    _same_number(predicted, len(guesses), "sentences", len(labels), gold)
    for number, (tags, guessed) in enumerate(zip(labels, guesses, strict=True), 1):
        if len(tags) != len(guessed):
            raise UserError(f"{predicted}: sentence {number} has {len(guessed)} tags, but its labels are {len(tags)}.")
    points, _ = metrics.tag_scores(labels, guesses)
    return {metric: points[metric] for metric in task.metrics}


def _score_answers(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    """Answers against labels in SQuAD's format; a question without an answer scores 0."""
    answers = read_answers(predicted)
    references = _references(gold)
    guesses = [answers.get(name) for name, _ in references]
    if all(guess is None for guess in guesses):
        raise UserError(f"{predicted} answers none of the questions of {gold}; their ids must be the same.")
    return metrics.squad([texts for _, texts in references], guesses, tokens_of(task, language))[0]


def _references(gold: Path) -> list[tuple[str, list[str]]]:
    """The questions of a file in SQuAD's format: ids and reference answers."""
    content = read_json(gold)
    references = []
    try:
        for article in content["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    references.append((question["id"], [answer["text"] for answer in question["answers"]]))
    except (KeyError, TypeError):
        raise UserError(f"{gold}: expected labels in SQuAD's format (data, paragraphs, qas, answers).") from None
    for _, texts in references:
        if not all(isinstance(text, str) for text in texts):
            raise UserError(f"{gold}: every reference answer must be a text.")
    if not references:
        raise UserError(f"{gold} has no question.")
    return references


def _score_pairs(task: Task, language: str, predicted: Path, gold: Path) -> Points:
    pairs = read_pairs(gold)
    if not pairs:
        raise UserError(f"{gold} is empty; it must hold the gold pairs.")
    return metrics.set_f1(pairs, read_pairs(predicted))


_SCORERS: dict[str, Callable[[Task, str, Path, Path], Points]] = {
    "classification": _score_lines,
    "retrieval": _score_lines,
    "tagging": _score_tags,
    "span": _score_answers,
    "mining": _score_pairs,
}


def _same_number(path: Path, given: int, what: str, expected: int, gold: Path) -> None:
    if not expected:
        raise UserError(f"{gold} is empty; it must hold the right answers.")
    if given != expected:
        raise UserError(f"{path} has {given:,} {what}, but its labels have {expected:,}.")
