"""How event records become the examples of a task in a language, in the columns of the dataset that it stands for."""

from typing import Any

import numpy as np

from xtl.lab.tasks import choices
from xtl.lab.tasks.entailment import LABELS
from xtl.lab.tasks.records import (
    ENGLISH_ONLY,
    FOREIGN_ONLY,
    IN_BOTH,
    AnswerChoices,
    Choices,
    Pairs,
    Pools,
    Questions,
    Sentences,
)
from xtl.lab.tasks.supertags import supertags
from xtl.lab.world.events import ROLES, Table
from xtl.lab.world.rendering import Render

Columns = dict[str, list[Any]]  # equally many values each


def mnli(pairs: Pairs, render: Render, code: str) -> Columns:
    """MultiNLI: premise, hypothesis, label (number), idx."""
    return {
        "premise": render(pairs.first, code).sentences(),
        "hypothesis": render(pairs.second, code).sentences(),
        "label": pairs.label.tolist(),
        "idx": list(range(len(pairs.label))),
    }


def anli(pairs: Pairs, render: Render, code: str) -> Columns:
    """ANLI: uid, premise, hypothesis, label (number)."""
    columns = mnli(pairs, render, code)
    del columns["idx"]
    columns["uid"] = _numbers(len(pairs.label))
    return columns


def xnli(pairs: Pairs, render: Render, code: str) -> Columns:
    """XNLI: language, sentence1, sentence2, gold_label (word)."""
    return {
        "sentence1": render(pairs.first, code).sentences(),
        "sentence2": render(pairs.second, code).sentences(),
        "gold_label": [LABELS[label] for label in pairs.label],
        "language": [code] * len(pairs.label),
    }


def qqp(pairs: Pairs, render: Render, code: str) -> Columns:
    """Quora's question pairs: question1, question2, label (0 or 1), idx."""
    return {
        "question1": render(pairs.first, code).sentences(),
        "question2": render(pairs.second, code).sentences(),
        "label": pairs.label.tolist(),
        "idx": list(range(len(pairs.label))),
    }


def pawsx(pairs: Pairs, render: Render, code: str) -> Columns:
    """PAWS-X: sentence1, sentence2, label ("0" or "1")."""
    return {
        "sentence1": render(pairs.first, code).sentences(),
        "sentence2": render(pairs.second, code).sentences(),
        "label": [str(label) for label in pairs.label],
    }


def udpos(sentences: Sentences, render: Render, code: str) -> Columns:
    """Universal Dependencies: tokens, pos_tags (words)."""
    text = render(sentences.table, code)
    return {"tokens": text.tokens(), "pos_tags": text.tags()}


def panx(sentences: Sentences, render: Render, code: str) -> Columns:
    """PAN-X: tokens, ner_tags (words), langs."""
    text = render(sentences.table, code)
    tokens = text.tokens()
    return {"tokens": tokens, "ner_tags": text.name_tags(), "langs": [[code] * len(words) for words in tokens]}


def ccg(sentences: Sentences, render: Render, code: str) -> Columns:
    """CCGbank: tokens, tags."""
    text = render(sentences.table, code)
    return {"tokens": text.tokens(), "tags": supertags(sentences.table, text)}


def squad(records: Questions, render: Render, code: str) -> Columns:
    """SQuAD: id, title, context, question, answers; without an answer where the document gives none (version 2)."""
    documents, questions, asked, answerable = records
    n = len(asked)
    text = render(documents, code)
    sentences = text.sentences()
    mood = np.zeros(len(documents), int)
    mood[asked] = questions["mood"]
    first, end = text.span(mood)
    starts = np.searchsorted(documents["doc"], np.arange(n)).tolist()
    answers: list[dict[str, list[Any]]] = []
    for row, start, has_answer in zip(asked.tolist(), starts, answerable, strict=True):
        if has_answer:
            before = sum(len(sentence) + 1 for sentence in sentences[start:row])
            phrase = sentences[row][first[row] : end[row]]
            answers.append({"answer_start": [before + int(first[row])], "text": [phrase]})
        else:
            answers.append({"answer_start": [], "text": []})
    return {
        "id": _numbers(n),
        "title": ["Laboratory"] * n,
        "context": _contexts(sentences, documents),
        "question": render(questions, code).sentences(),
        "answers": answers,
    }


def tydiqa(records: Questions, render: Render, code: str) -> Columns:
    """TyDiQA: as SQuAD, with ids that begin with the language."""
    columns = squad(records, render, code)
    name = "english" if code == "en" else code
    columns["id"] = [f"{name}-{number}" for number in columns["id"]]
    return columns


def hellaswag(documents: Choices, render: Render, code: str) -> Columns:
    """HellaSwag: ind, activity_label, ctx_a, ctx_b, ctx, endings, label (number as text)."""
    n = len(documents.right)
    sentences = render(documents.contexts, code).sentences()
    contexts = [" ".join(context) for context in _grouped(sentences, choices.EVENTS)]
    return {
        "ind": list(range(n)),
        "activity_label": ["Laboratory"] * n,
        "ctx_a": contexts,
        "ctx_b": [""] * n,
        "ctx": contexts,
        "endings": _grouped(render(documents.options, code).sentences(), choices.ENDINGS),
        "label": [str(place) for place in documents.right],
    }


def cosmosqa(records: AnswerChoices, render: Render, code: str) -> Columns:
    """Cosmos QA: id, context, question, answer0 to answer3, label (number)."""
    documents, questions, _, chosen, right = records
    text = render(documents, code)
    sentences = text.sentences()
    columns: Columns = {
        "id": _numbers(len(right)),
        "context": _contexts(sentences, documents),
        "question": render(questions, code).sentences(),
    }
    spans = {mood: text.span(np.full(len(sentences), mood)) for mood in ROLES}
    for place, rows in enumerate(chosen.T.tolist()):
        phrases = []
        for row, mood in zip(rows, questions["mood"].tolist(), strict=True):
            first, end = spans[mood]
            phrases.append(sentences[row][first[row] : end[row]])
        columns[f"answer{place}"] = phrases
    columns["label"] = right.tolist()
    return columns


def csqa(questions: Choices, render: Render, code: str) -> Columns:
    """CommonsenseQA: id, question, choices (labels A to E and texts), answerKey (letter)."""
    letters = [chr(ord("A") + number) for number in range(choices.CLASSES)]
    options = _grouped(render(questions.options, code).sentences(), choices.CLASSES)
    return {
        "id": _numbers(len(questions.right)),
        "question": render(questions.contexts, code).sentences(),
        "choices": [{"label": letters, "text": texts} for texts in options],
        "answerKey": [letters[place] for place in questions.right],
    }


def tatoeba(sentences: Sentences, render: Render, code: str) -> Columns:
    """Tatoeba: source_sentence, target_sentence (English), source_lang, target_lang."""
    n = len(sentences.table)
    return {
        "source_sentence": render(sentences.table, code).sentences(),
        "target_sentence": render(sentences.table, "en").sentences(),
        "source_lang": [code] * n,
        "target_lang": ["en"] * n,
    }


def bucc(pools: Pools, render: Render, code: str) -> Columns:
    """BUCC: id, side (foreign or english), sentence, and in `pair` the id of its translation, empty without one."""
    columns: Columns = {"id": [], "side": [], "sentence": [], "pair": []}
    for side, said_in, other, absent in (("foreign", code, "en", ENGLISH_ONLY), ("english", "en", code, FOREIGN_ONLY)):
        for number, sentence in enumerate(render(pools.table, said_in).sentences()):
            if pools.pool[number] == absent:
                continue
            columns["id"].append(f"{said_in}-{number:06d}")
            columns["side"].append(side)
            columns["sentence"].append(sentence)
            columns["pair"].append(f"{other}-{number:06d}" if pools.pool[number] == IN_BOTH else "")
    return columns


def _contexts(sentences: list[str], documents: Table) -> list[str]:
    """The text of each document."""
    texts: dict[int, list[str]] = {}
    for number, sentence in zip(documents["doc"].tolist(), sentences, strict=True):
        texts.setdefault(number, []).append(sentence)
    return [" ".join(text) for text in texts.values()]


def _numbers(n: int) -> list[str]:
    return [f"{number:06d}" for number in range(n)]


def _grouped(items: list[str], size: int) -> list[list[str]]:
    """Items that follow each other in groups of a size."""
    return [items[first : first + size] for first in range(0, len(items), size)]
