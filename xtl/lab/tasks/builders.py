"""How each task is built: its event records, and the columns that they give in a language."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa

from xtl.lab.tasks import choices, inference, paraphrase, reading, retrieval, supertags, tagging, together
from xtl.lab.world import events as ev
from xtl.lab.world.config import LabConfig
from xtl.lab.world.grammar import Render


@dataclass(frozen=True)
class Builder:
    """One task: `records(config, part, n)` its events, `columns(records, render, code)` its columns in a language."""

    records: Callable
    columns: Callable
    tables: Callable  # records -> the event tables among them
    training: bool = True
    half: Callable = lambda table, config, split: table.slice(0 if split == "validation" else config.test, config.test)


def _pairs(first: str, second: str, label: str, label_of: Callable, extra: Callable) -> Callable:
    def columns(records, render: Render, code: str) -> dict:
        a, b, labels = records
        texts = {first: render(a, code).sentences(), second: render(b, code).sentences()}
        return {**texts, label: [label_of(value) for value in labels.tolist()], **extra(code, len(labels))}

    return columns


def _tagging(names: bool) -> Callable:
    def columns(table, render: Render, code: str) -> dict:
        text = render(table, code)
        tokens = text.tokens()
        if not names:
            return {"tokens": tokens, "pos_tags": text.tags()}
        return {"tokens": tokens, "ner_tags": text.name_tags(), "langs": [[code] * len(words) for words in tokens]}

    return columns


def _reading(records, render: Render, code: str) -> dict:
    table, question, asked = records
    text, doc = render(table, code), table["doc"]
    sentences = text.sentences()
    start = np.searchsorted(doc, np.arange(len(asked) + 1))
    length = np.array([len(sentence) + 1 for sentence in sentences])
    before = np.cumsum(length) - length
    mood = np.full(len(doc), ev.WHO)
    mood[asked] = question["mood"]
    first, end = text.span(mood)
    offset = before[asked] - before[start[:-1]]
    spans = zip(asked.tolist(), offset.tolist(), first[asked].tolist(), end[asked].tolist(), strict=True)
    return {
        "id": [f"{i:06d}" for i in range(len(asked))],
        "title": ["Laboratory"] * len(asked),
        "context": [" ".join(sentences[a:b]) for a, b in zip(start[:-1], start[1:], strict=True)],
        "question": render(question, code).sentences(),
        "answers": [{"answer_start": [o + a], "text": [sentences[row][a:b]]} for row, o, a, b in spans],
    }


def _unanswerable(records, render: Render, code: str) -> dict:
    *first, answerable = records
    columns = _reading(tuple(first), render, code)
    none = {"answer_start": [], "text": []}
    kept = zip(columns["answers"], answerable.tolist(), strict=True)
    return {**columns, "answers": [answer if yes else none for answer, yes in kept]}


def _by_language(records, render: Render, code: str) -> dict:
    """Reading with ids that begin with the language, as TyDiQA's do."""
    columns = _reading(records, render, code)
    name = "english" if code == "en" else code
    return {**columns, "id": [f"{name}-{i}" for i in columns["id"]]}


def _supertags(table, render: Render, code: str) -> dict:
    text = render(table, code)
    return {"tokens": text.tokens(), "tags": supertags.supertags(table, text, text.language)}


def _endings(records, render: Render, code: str) -> dict:
    table, options, right = records
    texts, said = render(table, code).sentences(), render(options, code).sentences()
    n, size = len(right), choices.ENDINGS
    return {
        "ind": list(range(n)),
        "activity_label": ["Laboratory"] * n,
        "ctx_a": [" ".join(texts[3 * i : 3 * i + 3]) for i in range(n)],
        "ctx_b": [""] * n,
        "ctx": [" ".join(texts[3 * i : 3 * i + 3]) for i in range(n)],
        "endings": [said[size * i : size * (i + 1)] for i in range(n)],
        "label": [str(place) for place in right.tolist()],
    }


def _answers(records, render: Render, code: str) -> dict:
    table, question, asked, chosen, right = records
    columns = _reading((table, question, asked), render, code)
    text, n = render(table, code), len(asked)
    sentences, moods = text.sentences(), question["mood"].tolist()
    spans = {mood: text.span(np.full(len(sentences), mood)) for mood in set(moods)}

    def phrase(row: int, mood: int) -> str:
        first, end = spans[mood]
        return sentences[row][first[row] : end[row]]

    found = {
        f"answer{place}": [phrase(row, mood) for row, mood in zip(rows.tolist(), moods, strict=True)]
        for place, rows in enumerate(chosen.T)
    }
    names = [f"{i:06d}" for i in range(n)]
    return {
        "id": names,
        "context": columns["context"],
        "question": columns["question"],
        **found,
        "label": right.tolist(),
    }


def _kinds(records, render: Render, code: str) -> dict:
    question, options, right = records
    said, size = render(options, code).sentences(), choices.CLASSES
    letters = [chr(ord("A") + i) for i in range(size)]
    return {
        "id": [f"{i:06d}" for i in range(len(right))],
        "question": render(question, code).sentences(),
        "choices": [{"label": letters, "text": said[size * i : size * (i + 1)]} for i in range(len(right))],
        "answerKey": [letters[place] for place in right.tolist()],
    }


def _pools(records, render: Render, code: str) -> dict:
    table, where = records
    foreign, english = render(table, code).sentences(), render(table, "en").sentences()
    rows = []
    for side, texts, elsewhere, name, other in (
        ("foreign", foreign, 2, code, "en"), ("english", english, 1, "en", code)
    ):  # fmt: skip
        for i, text in enumerate(texts):
            if where[i] != elsewhere:
                rows.append((f"{name}-{i:06d}", side, text, f"{other}-{i:06d}" if where[i] == 0 else ""))
    return dict(zip(("id", "side", "sentence", "pair"), map(list, zip(*rows, strict=True)), strict=True))


def _half_of_pools(table: pa.Table, config: LabConfig, split: str) -> pa.Table:
    """The sentences of one half of the pools: both sides of a pair are in the same half."""
    number = np.array([int(name.rsplit("-", 1)[1]) for name in table.column("id").to_pylist()])
    return table.filter(pa.array((number < retrieval.MINED * config.test) == (split == "validation")))


def _retrieval(table, render: Render, code: str) -> dict:
    foreign, english = render(table, code).sentences(), render(table, "en").sentences()
    n = len(foreign)
    return {
        "source_sentence": foreign,
        "target_sentence": english,
        "source_lang": [code] * n,
        "target_lang": ["en"] * n,
    }


def _numbered(code: str, n: int) -> dict:
    return {"idx": list(range(n))}


def _uids(code: str, n: int) -> dict:
    return {"uid": [f"{i:06d}" for i in range(n)]}


def _questions(config: LabConfig, part: str, n: int):
    return paraphrase.pairs(config, part, n, True)


def _statements(config: LabConfig, part: str, n: int):
    return paraphrase.pairs(config, part, n, False)


_TAGGING = partial(tagging.tagging, names=False)
_two, _one = (lambda records: records[:2]), (lambda table: [table])
BUILDERS: dict[str, Builder] = {
    "mnli": Builder(inference.pairs, _pairs("premise", "hypothesis", "label", int, _numbered), _two),
    "xnli": Builder(
        inference.pairs,
        _pairs(
            "sentence1",
            "sentence2",
            "gold_label",
            inference.LABELS.__getitem__,
            lambda code, n: {"language": [code] * n},
        ),
        _two,
    ),
    "qqp": Builder(_questions, _pairs("question1", "question2", "label", int, _numbered), _two),
    "pawsx": Builder(_statements, _pairs("sentence1", "sentence2", "label", str, lambda code, n: {}), _two),
    "squad1": Builder(reading.questions, _reading, _two),
    "xquad": Builder(reading.questions, _reading, _two),
    "udpos": Builder(_TAGGING, _tagging(False), _one),
    "panx": Builder(partial(tagging.tagging, names=True), _tagging(True), _one),
    "anli+": Builder(together.several, _pairs("premise", "hypothesis", "label", int, _uids), _two),
    "squad2": Builder(reading.with_unanswerable, _unanswerable, _two),
    "mlqa": Builder(partial(reading.questions, name="mlqa"), _reading, _two),
    "tydiqa": Builder(partial(reading.questions, name="tydiqa"), _by_language, _two),
    "hellaswag": Builder(choices.endings, _endings, _two),
    "cosmosqa": Builder(choices.answers, _answers, _two),
    # what a wolf is stands in the corpora: it is knowledge, not a test sentence to be kept from them
    "csqa": Builder(choices.kinds, _kinds, lambda records: []),
    "ccg": Builder(_TAGGING, _supertags, _one),
    "bucc": Builder(retrieval.pools, _pools, lambda records: [records[0]], training=False, half=_half_of_pools),
    "bucc_pairs": Builder(partial(retrieval.retrieval, name="retrieval-pairs"), _retrieval, _one, training=False),
    "tatoeba": Builder(retrieval.retrieval, _retrieval, _one, training=False),
}


@lru_cache(maxsize=48)
def records(config: LabConfig, task: str, part: str):
    """The event records behind a task's part: `train`, or `evaluation`, whose halves are validation and test."""
    return BUILDERS[task].records(config, part, config.train if part == "train" else 2 * config.test)
