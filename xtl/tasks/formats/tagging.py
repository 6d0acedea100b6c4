"""The format of sentences with one tag per word: UDPOS and PAN-X."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset

from xtl.models.encoders import spaced_words
from xtl.tasks.catalog.task import Task
from xtl.tasks.formats import metrics
from xtl.tasks.formats.features import encode
from xtl.tasks.formats.heads import labelled

SUFFIX = "tsv"  # of a submission file
IGNORED = -100  # the label that transformers' losses leave out


def build_model(checkpoint: str | Path, task: Task, seed: int, revision: str | None = None):
    """The checkpoint's encoder with a fresh token classification head for the task's tags."""
    from transformers import AutoModelForTokenClassification

    return labelled(AutoModelForTokenClassification, checkpoint, task, seed, revision)


def train_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """Unpadded features: input_ids, attention_mask, (token_type_ids), labels, length.

    The label stands on the first sub-token of each word, -100 elsewhere. A sentence longer than `max_length` becomes
    several features, cut between words.
    """

    def batch_features(batch: dict, rows: list[int]) -> dict:
        encoded, example, words = _encode(batch["tokens"], tokenizer, max_length)
        tags = batch["tags"]
        encoded["labels"] = [
            [tags[row][w] if w >= 0 else IGNORED for w in ws] for row, ws in zip(example, words, strict=True)
        ]
        return encoded

    return encode(examples, batch_features)


def eval_features(examples: Dataset, tokenizer, task: Task, max_length: int) -> Dataset:
    """As `train_features`; in place of labels, `example` is the row of the sentence and `words` the index in the
    sentence of the word that begins at each token, -1 elsewhere: every word of the sentence is in one feature.
    """

    def batch_features(batch: dict, rows: list[int]) -> dict:
        encoded, example, words = _encode(batch["tokens"], tokenizer, max_length)
        return {**encoded, "example": [rows[i] for i in example], "words": words}

    return encode(examples, batch_features)


def predict(logits: Sequence[np.ndarray], features: Dataset, examples: Dataset, task: Task) -> list[list[str]]:
    """One tag for every word of every sentence; logits are one array (length, tags) per feature, without padding.

    A word that the tokenizer makes nothing of (an empty string) gets O where the tags have it, else the tag that is
    most frequent among the predictions.
    """
    predictions: list[list[str | None]] = [[None] * len(tokens) for tokens in examples["tokens"]]
    for values, row, words in zip(logits, features["example"], features["words"], strict=True):
        places = np.flatnonzero(np.asarray(words) >= 0)
        for place, tag in zip(places, values[places].argmax(-1), strict=True):
            predictions[row][words[place]] = task.labels[tag]
    counts = Counter(tag for tags in predictions for tag in tags if tag)
    default = "O" if "O" in task.labels or not counts else counts.most_common(1)[0][0]
    return [[tag or default for tag in tags] for tags in predictions]


def score(predictions: list[list[str]], examples: Dataset, task: Task, language: str) -> metrics.Scores:
    """The task's metrics in points, and token accuracy per sentence."""
    values, per_sentence = metrics.tag_scores(_gold(examples, task), predictions)
    return {name: values[name] for name in task.metrics}, per_sentence


def write_submission(predictions: list[list[str]], examples: Dataset, task: Task, path: Path) -> None:
    """XTREME's file: one tag a line, a blank line after each sentence."""
    text = "".join("".join(f"{tag}\n" for tag in tags) + "\n" for tags in predictions)
    Path(path).write_text(text, encoding="utf-8")


def show(predictions: list[list[str]], examples: Dataset, task: Task, n: int = 5) -> pd.DataFrame:
    """The first n sentences with their tags in one line, `word/gold`, or `word/gold→predicted` where they differ."""
    head = examples.select(range(min(n, len(examples))))
    rows = []
    for tokens, gold, tags in zip(head["tokens"], _gold(head, task), predictions, strict=False):
        words = [f"{w}/{g}" if g == p else f"{w}/{g}→{p}" for w, g, p in zip(tokens, gold, tags, strict=True)]
        wrong = sum(g != p for g, p in zip(gold, tags, strict=True))
        rows.append({"sentence (word/gold→predicted)": " ".join(words), "words": len(tokens), "wrong": wrong})
    return pd.DataFrame(rows, columns=["sentence (word/gold→predicted)", "words", "wrong"])


def _gold(examples: Dataset, task: Task) -> list[list[str]]:
    return [[task.labels[i] for i in tags] for tags in examples["tags"]]


def _encode(sentences: list[list[str]], tokenizer, max_length: int) -> tuple[dict, list[int], list[list[int]]]:
    """Features of a batch of sentences, the row of the sentence of each, and the word that begins at each token."""
    with spaced_words(tokenizer):
        return _features(sentences, tokenizer, max_length)


def _features(sentences: list[list[str]], tokenizer, max_length: int) -> tuple[dict, list[int], list[list[int]]]:
    coded = tokenizer(sentences, is_split_into_words=True)
    seen = [set(coded.word_ids(row)) - {None} for row in range(len(sentences))]
    if any(len(s) < len(words) for s, words in zip(seen, sentences, strict=True)) and tokenizer.unk_token:
        # Words that the tokenizer makes nothing of (control characters, say) become the unknown token, as in XTREME.
        sentences = [
            [w if i in s or not w else tokenizer.unk_token for i, w in enumerate(words)]
            for s, words in zip(seen, sentences, strict=True)
        ]
        coded = tokenizer(sentences, is_split_into_words=True)

    pieces = []  # (row, first word, words)
    for row, words in enumerate(sentences):
        if len(coded["input_ids"][row]) <= max_length:
            pieces.append((row, 0, words))
        else:
            sizes = Counter(w for w in coded.word_ids(row) if w is not None)
            room = max_length - (len(coded["input_ids"][row]) - sizes.total())  # beside the special tokens
            pieces.extend((row, a, words[a:b]) for a, b in _cuts([sizes[i] for i in range(len(words))], room))
    if any(first for _, first, _ in pieces) or any(len(ids) > max_length for ids in coded["input_ids"]):
        # Truncation touches only a word that is longer than the limit by itself; its first sub-token stays.
        texts = [words for _, _, words in pieces]
        coded = tokenizer(texts, is_split_into_words=True, truncation=True, max_length=max_length)

    begins = []
    for i, (_, first, _) in enumerate(pieces):
        ids = coded.word_ids(i)
        begins.append([-1 if w is None or (k and ids[k - 1] == w) else first + w for k, w in enumerate(ids)])
    features = {**coded, "length": [len(ids) for ids in coded["input_ids"]]}
    return features, [row for row, _, _ in pieces], begins


def _cuts(sizes: list[int], room: int) -> Iterator[tuple[int, int]]:
    """Ranges of consecutive words whose sizes in sub-tokens sum to at most `room`; a longer word stands alone."""
    begin = total = 0
    for i, size in enumerate(sizes):
        if i > begin and total + size > room:
            yield begin, i
            begin, total = i, 0
        total += size
    yield begin, len(sizes)
