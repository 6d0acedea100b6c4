"""The format of sentences with one tag per word: UDPOS and PAN-X."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from datasets import Dataset
from transformers import AutoModelForTokenClassification
from transformers import PreTrainedTokenizerBase as Tokenizer

from xtl.models.words import frame_of, read_words
from xtl.tasks.formats import metrics
from xtl.tasks.formats.format import Columns, HeadFormat, Limits, encode, head
from xtl.tasks.formats.learning import Learning, beside_majority

IGNORED = -100  # the label that transformers' losses leave out
NO_WORD = -1  # where no word begins

Tags = list[list[str]]  # of the words of every sentence


class Tagging(HeadFormat[Tags]):
    """Words and their tags; predictions are one tag for every word of every sentence.

    >>> sentence = Dataset.from_dict({"tokens": [["Nora", "slept"]], "tags": [[11, 15]]})
    >>> format_of(TASKS["udpos"]).score([["PROPN", "NOUN"]], sentence, "en")[0]
    {'f1': 50.0, 'precision': 50.0, 'recall': 50.0, 'accuracy': 50.0}
    >>> format_of(TASKS["udpos"]).submission([["PROPN", "NOUN"]], sentence)
    'PROPN\\nNOUN\\n\\n'
    """

    auto_class = AutoModelForTokenClassification

    def features(self, examples: Dataset, tokenizer: Tokenizer, limits: Limits, *, training: bool) -> Dataset:
        """A sentence longer than `max_length` becomes several features, cut between words.

        training: `labels` stand on the first sub-token of each word, -100 elsewhere. Else `words` is the place in the
        sentence of the word that begins at each token, -1 elsewhere: every word of the sentence is in one feature.
        """

        def batch_features(batch: Columns, rows: list[int]) -> Columns:
            coded, sentence_of, words = _encode(batch["tokens"], tokenizer, limits.max_length)
            if not training:
                return {**coded, "example": [rows[sentence] for sentence in sentence_of], "words": words}
            labels = []
            for sentence, places in zip(sentence_of, words, strict=True):
                tags = batch["tags"][sentence]
                labels.append([IGNORED if place == NO_WORD else tags[place] for place in places])
            return {**coded, "labels": labels}

        return encode(examples, batch_features)

    def predict(self, logits: Sequence[np.ndarray], features: Dataset, examples: Dataset) -> Tags:
        """One tag for every word; logits: (length, tags) per feature.

        A word that the tokenizer makes nothing of (an empty string) gets O where the tags have it, else the tag that is
        most frequent among the predictions.
        """
        predictions: list[list[str | None]] = [[None] * len(tokens) for tokens in examples["tokens"]]
        for values, sentence, words in zip(logits, features["example"], features["words"], strict=True):
            places = np.flatnonzero(np.asarray(words) != NO_WORD)
            for place, tag in zip(places, values[places].argmax(axis=-1), strict=True):
                predictions[sentence][words[place]] = self.task.labels[tag]
        default = "O"
        if default not in self.task.labels:
            counts = Counter(tag for tags in predictions for tag in tags if tag)
            default = counts.most_common(1)[0][0] if counts else default
        return [[tag or default for tag in tags] for tags in predictions]

    def score(self, predictions: Tags, examples: Dataset, language: str) -> metrics.Scores:
        """The task's metrics, and token accuracy per sentence."""
        values, per_sentence = metrics.tag_scores(self._gold(examples), predictions)
        return self.reported(values), per_sentence

    def learning(self, predictions: Tags, examples: Dataset) -> Learning:
        """Right tags beside the most frequent tag alone, over all words."""
        gold = [tag for tags in self._gold(examples) for tag in tags]
        return beside_majority(gold, [tag for tags in predictions for tag in tags], "tag")

    def _gold(self, examples: Dataset) -> Tags:
        return [[self.task.labels[label] for label in labels] for labels in examples["tags"]]

    def submission(self, predictions: Tags, examples: Dataset) -> str:
        """One tag a line, a blank line after each sentence."""
        return "".join("".join(f"{tag}\n" for tag in tags) + "\n" for tags in predictions)

    def show(self, predictions: Tags, examples: Dataset, n: int = 5) -> pd.DataFrame:
        """The sentences with their tags in one line, `word/gold`, or `word/gold→predicted` where they differ."""
        first = head(examples, n)
        rows = []
        for tokens, gold, tags in zip(first["tokens"], self._gold(first), predictions, strict=False):
            words = []
            wrong = 0
            for token, right, tag in zip(tokens, gold, tags, strict=True):
                words.append(f"{token}/{right}" if tag == right else f"{token}/{right}→{tag}")
                wrong += tag != right
            rows.append((" ".join(words), len(tokens), wrong))
        return pd.DataFrame(rows, columns=["sentence (word/gold→predicted)", "words", "wrong"])


def _encode(
    sentences: list[list[str]], tokenizer: Tokenizer, max_length: int
) -> tuple[Columns, list[int], list[list[int]]]:
    """Features of sentences, the sentence of each, and the place of the word that begins at each token."""
    frame = frame_of(tokenizer)
    before = [NO_WORD] * len(frame.before["input_ids"])
    after = [NO_WORD] * len(frame.after["input_ids"])
    room = max(1, max_length - len(before) - len(after))
    columns: Columns = {name: [] for name in frame.inside}
    sentence_of = []
    begins = []
    for row, words in enumerate(read_words(sentences, tokenizer)):
        for first, last in _cuts([len(word.pieces) for word in words], room):
            pieces: list[int] = []
            places: list[int] = []
            for place in range(first, last):
                word = words[place]
                begin = [NO_WORD] * len(word.pieces)
                if word.first is not None:
                    begin[word.first] = place
                pieces += word.pieces
                places += begin
            # Only a word that is longer than the limit by itself loses tokens; its first sub-token stays.
            inputs = frame.around(pieces[:room])
            if not inputs["input_ids"]:  # no word, and a tokenizer without special tokens: nothing to read
                continue
            for name, values in inputs.items():
                columns[name].append(values)
            sentence_of.append(row)
            begins.append([*before, *places[:room], *after])
    return {**columns, "length": [len(places) for places in begins]}, sentence_of, begins


def _cuts(sizes: list[int], room: int) -> Iterator[tuple[int, int]]:
    """Ranges of consecutive words whose sizes in sub-tokens sum to at most `room`; a longer word stands alone."""
    begin = 0
    total = 0
    for place, size in enumerate(sizes):
        if place > begin and total + size > room:
            yield begin, place
            begin = place
            total = 0
        total += size
    yield begin, len(sizes)
