"""The laboratory's texts and tasks in every language, in the columns of the datasets that they stand for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.lab.tasks import choices, inference, paraphrase, reading, supertags, together
from xtl.lab.world import corpora, grammar, lexicon
from xtl.lab.world import events as ev
from xtl.lab.world.cache import cached
from xtl.lab.world.config import SPLITS, LabConfig
from xtl.lab.world.made_languages import language


@lru_cache(maxsize=64)
def _forms(config: LabConfig, code: str) -> np.ndarray:
    return lexicon.forms(config, language(config, code))


# `render(table, code)` gives a table's sentences in a language.
Render = Callable[[ev.Table, str], grammar.Rendered]


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
    return table.filter(pa.array((number < corpora.MINED * config.test) == (split == "validation")))


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


_TAGGING = partial(corpora.tagging, names=False)
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
    "panx": Builder(partial(corpora.tagging, names=True), _tagging(True), _one),
    "anli+": Builder(together.several, _pairs("premise", "hypothesis", "label", int, _uids), _two),
    "squad2": Builder(reading.with_unanswerable, _unanswerable, _two),
    "mlqa": Builder(partial(reading.questions, name="mlqa"), _reading, _two),
    "tydiqa": Builder(partial(reading.questions, name="tydiqa"), _by_language, _two),
    "hellaswag": Builder(choices.endings, _endings, _two),
    "cosmosqa": Builder(choices.answers, _answers, _two),
    # what a wolf is stands in the corpora: it is knowledge, not a test sentence to be kept from them
    "csqa": Builder(choices.kinds, _kinds, lambda records: []),
    "ccg": Builder(_TAGGING, _supertags, _one),
    "bucc": Builder(corpora.pools, _pools, lambda records: [records[0]], training=False, half=_half_of_pools),
    "bucc_pairs": Builder(partial(corpora.retrieval, name="retrieval-pairs"), _retrieval, _one, training=False),
    "tatoeba": Builder(corpora.retrieval, _retrieval, _one, training=False),
}


PLAIN = "mlm"  # the task whose examples are the corpus


def splits(task: str) -> tuple[str, ...]:
    """The splits of a task. Raises UserError for an unknown one."""
    if task == PLAIN:
        return ("train",)
    if task not in BUILDERS:
        raise UserError(f"the laboratory has no task `{task}`; it has {', '.join((*BUILDERS, PLAIN))}")
    return SPLITS if BUILDERS[task].training else SPLITS[1:]


def _builder(task: str, split: str) -> Builder:
    known = splits(task)
    if split not in known:
        raise UserError(f"the laboratory's task `{task}` has no split `{split}`; it has {', '.join(known)}")
    return BUILDERS[task]


@lru_cache(maxsize=48)
def records(config: LabConfig, task: str, part: str):
    """The event records behind a task's part: `train`, or `evaluation`, whose halves are validation and test."""
    return BUILDERS[task].records(config, part, config.train if part == "train" else 2 * config.test)


def renderer(config: LabConfig) -> Render:
    """A function from a table and a language's code to its sentences."""
    return lambda table, code: grammar.render(table, language(config, code), _forms(config, code))


def dataset(config: LabConfig, task: str, code: str, split: str) -> Dataset:
    """A task's examples in a language, in the columns of the dataset that it stands for.

    All languages have the same examples in the same order; a training split in another language than English is an
    exact translation. Unknown tasks, languages and splits are errors.
    """
    language(config, code)
    if task == PLAIN and split == "train":
        texts = [" ".join(document) for document in corpus(config, code)]
        return Dataset.from_dict({"id": [f"{code}-{i:06d}" for i in range(len(texts))], "text": texts})
    builder = _builder(task, split)
    part = "train" if split == "train" else "evaluation"

    def build() -> pa.Table:
        return pa.table(builder.columns(records(config, task, part), renderer(config), code))

    table = cached(config, f"{task}-{code}-{part}.parquet", build)
    if part == "evaluation":
        table = builder.half(table, config, split)
    return Dataset(table)


@lru_cache(maxsize=4)
def held_out_sentences(config: LabConfig, code: str) -> frozenset[str]:
    """Every sentence of every validation and test set in a language; the corpora have none of them."""
    render, found = renderer(config), set()
    sources = {builder.records: task for task, builder in BUILDERS.items()}  # tasks that share their events once
    for task in sources.values():
        for table in BUILDERS[task].tables(records(config, task, "evaluation")):
            found.update(render(table, code).sentences())
    return frozenset(found)


def corpus(config: LabConfig, code: str) -> list[list[str]]:
    """Documents of consecutive sentences for pretraining: `sentences` of them, or a quarter where the corpus is small.

    Twins read about the same events, so that they differ in nothing but their feature; other languages about others.
    """
    item = language(config, code)

    def build() -> list[list[str]]:
        n = int(config.sentences * item.features["corpus"])
        table = corpora.corpus(config, item.lexicon, int(config.sentences * 1.1) + 50)
        sentences = renderer(config)(table, code).sentences()
        unseen = held_out_sentences(config, code)
        documents: dict[int, list[str]] = {}
        for number, sentence in zip(table["doc"].tolist(), sentences, strict=True):
            documents.setdefault(number, []).append(sentence)
        kept, size = [], 0
        for document in documents.values():
            if size < n and not unseen.intersection(document):
                kept.append(document)
                size += len(document)
        return kept

    return cached(config, f"corpus-{code}.json", build)


def parallel(config: LabConfig, code: str) -> list[tuple[str, str]]:
    """(English, language) translations, the same events everywhere: half as many as the corpus has sentences."""
    item = language(config, code)

    def build() -> list[list[str]]:
        n = int(config.sentences * item.features["corpus"]) // 2
        table = corpora.corpus(config, "parallel", config.sentences // 2 + 50)
        render = renderer(config)
        english, foreign = (render(table, each).sentences() for each in ("en", code))
        unseen, foreign_unseen = (held_out_sentences(config, each) for each in ("en", code))
        pairs = zip(english, foreign, strict=True)
        return [pair for pair in pairs if pair[0] not in unseen and pair[1] not in foreign_unseen][:n]

    return [tuple(pair) for pair in cached(config, f"parallel-{code}.json", build)]
