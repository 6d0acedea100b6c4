"""Scoring a submission: a folder of predictions against a folder of labels, as the benchmark does it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xtl.base.errors import UserError
from xtl.tasks.catalog import TASKS, Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.answers import mlqa_tokens, squad_tokens

Values = dict[str, float]  # metric -> points


def benchmark() -> dict[str, Task]:
    """The tasks of the benchmark by the names of their submission folders."""
    return {task.submission: task for task in TASKS.values() if task.submission}


def score_folders(predictions: str | Path, labels: str | Path) -> dict:
    """Score what is there, list what is missing.

    Both folders hold a folder a task with `test-<language>.tsv` (`.json` for question answering).

    Returns:
        {"tasks": {task: {"languages": {language: {metric: points}}, "average": {metric: points}, "missing":
        [language, …]}}, "overall": points or None}. A task's average is the plain mean over the scored languages; a
        language is missing where the benchmark lists it and a file of it lacks on either side. Tasks without any
        prediction are listed with all their languages missing. The overall score, the mean of the nine tasks'
        scores, is None unless all are complete.
    Raises UserError for a folder that is none, a folder without any prediction, and a file that cannot be scored.
    """
    predictions, labels = Path(predictions), Path(labels)
    for folder, role in ((predictions, "predictions"), (labels, "labels")):
        if not folder.is_dir():
            raise UserError(f"{role}: {folder} is not a folder; give one that holds a folder a task, e.g. xnli/.")
    tasks = {name: _task(task, predictions / name, labels / name) for name, task in benchmark().items()}
    if not any(entry["languages"] for entry in tasks.values()):
        raise UserError(
            f"{predictions} and {labels} have no file in common; expected TASK/test-LANGUAGE.tsv (.json for question "
            f"answering) in both, with a TASK of {', '.join(tasks)}."
        )
    complete = not any(entry["missing"] for entry in tasks.values())
    return {"tasks": tasks, "overall": _mean([task_score(name, tasks[name]) for name in tasks]) if complete else None}


def task_score(name: str, entry: Mapping) -> float | None:
    """The score of a task of `score_folders`: the mean of its average's score metrics, None where nothing is scored."""
    return _mean([entry["average"][m] for m in benchmark()[name].score]) if entry["average"] else None


def _task(task: Task, predictions: Path, labels: Path) -> dict:
    suffix = ".json" if task.format == "span" else ".tsv"
    languages, missing = {}, []
    for language in task.languages:
        predicted, gold = predictions / f"test-{language}{suffix}", labels / f"test-{language}{suffix}"
        if predicted.is_file() and gold.is_file():
            languages[language] = _SCORERS[task.format](task, language, predicted, gold)
        else:
            missing.append(language)
    average = {m: _mean([values[m] for values in languages.values()]) for m in task.metrics} if languages else {}
    return {"languages": languages, "average": average, "missing": missing}


def _lines(task: Task, language: str, predicted: Path, gold: Path) -> Values:
    """Classification and retrieval: one label or one index a line."""
    a, b = ([line.strip() for line in _text(path).splitlines()] for path in (gold, predicted))
    _same_number(predicted, len(b), "lines", len(a), gold)
    return metrics.accuracy(a, b)[0]


def _tags(task: Task, language: str, predicted: Path, gold: Path) -> Values:
    """Tagging: one tag a line, an empty line between sentences."""
    a, b = ([block.split() for block in _blocks(_text(path))] for path in (gold, predicted))
    _same_number(predicted, len(b), "sentences", len(a), gold)
    for i, (tags, guessed) in enumerate(zip(a, b, strict=True), 1):
        if len(tags) != len(guessed):
            raise UserError(f"{predicted}: sentence {i} has {len(guessed)} tags, but its labels are {len(tags)}.")
    values, _ = metrics.tag_scores(a, b)
    return {m: values[m] for m in task.metrics}


def _answers(task: Task, language: str, predicted: Path, gold: Path) -> Values:
    """Question answering: an object from ids to answers, against labels in SQuAD's format. No answer scores 0."""
    found, wanted = _json(predicted), _json(gold)
    if not isinstance(found, dict):
        raise UserError(f"{predicted}: expected a JSON object from question ids to answers.")
    try:
        questions = [q for article in wanted["data"] for p in article["paragraphs"] for q in p["qas"]]
        references = [[answer["text"] for answer in q["answers"]] for q in questions]
        said = [found.get(q["id"]) for q in questions]
    except (KeyError, TypeError):
        raise UserError(f"{gold}: expected labels in SQuAD's format (data, paragraphs, qas, answers).") from None
    if any(not isinstance(text, str) for each in references for text in each):
        raise UserError(f"{gold}: every reference answer must be a text.")
    if any(text is not None and not isinstance(text, str) for text in said):
        raise UserError(f"{predicted}: every answer must be a text.")
    if not questions:
        raise UserError(f"{gold} has no question.")
    if all(text is None for text in said):
        raise UserError(f"{predicted} answers none of the questions of {gold}; their ids must be the same.")
    tokens = mlqa_tokens(language) if task.answers == "mlqa" else squad_tokens
    return metrics.squad(references, said, tokens)[0]


def _pairs(task: Task, language: str, predicted: Path, gold: Path) -> Values:
    """Mining: two sentence ids a line, the order of the lines without meaning."""
    pairs = []
    for path in (gold, predicted):
        rows = [tuple(line.split()) for line in _text(path).splitlines() if line.strip()]
        wrong = next((i for i, row in enumerate(rows, 1) if len(row) != 2), None)
        if wrong:
            raise UserError(f"{path}: line {wrong} has {len(rows[wrong - 1])} ids; expected two, parted by a tab.")
        pairs.append(rows)
    if not pairs[0]:
        raise UserError(f"{gold} is empty; it must hold the gold pairs.")
    return metrics.set_f1(*pairs)


_SCORERS: dict[str, Callable[[Task, str, Path, Path], Values]] = {
    "classification": _lines, "retrieval": _lines, "tagging": _tags, "span": _answers, "mining": _pairs
}  # fmt: skip


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # with or without a byte-order mark
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.") from None


def _json(path: Path):
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not valid JSON (line {error.lineno}: {error.msg}).") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} holds numbers or nesting beyond what a submission has.") from None


def _blocks(text: str) -> list[str]:
    return [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]


def _same_number(path: Path, came: int, what: str, expected: int, gold: Path) -> None:
    if not expected:
        raise UserError(f"{gold} is empty; it must hold the right answers.")
    if came != expected:
        raise UserError(f"{path} has {came:,} {what}, but its labels have {expected:,}.")


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
