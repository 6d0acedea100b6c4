"""Shortcut baselines: what a task gives away to models that cannot do it (points), from real datasets' columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from datasets import Dataset
from scipy import optimize, sparse, special

from xtl.tasks.formats.metrics import accuracy, squad, tag_scores

# The two texts and the label of each sentence-pair dataset.
PAIR_COLUMNS = (
    ("premise", "hypothesis", "label"),
    ("sentence1", "sentence2", "gold_label"),
    ("question1", "question2", "label"),
    ("sentence1", "sentence2", "label"),
)
NGRAMS = (2, 3, 4)  # characters, of the baselines of retrieval
LONGEST = 3  # words of an answer that question_blind considers


def strongest(train: Dataset | None, test: Dataset) -> float:
    """The best that a shortcut reaches on a task's test set in the task's own score; `train` is unused for retrieval.

    Raises ValueError for columns that no baseline reads.
    """
    columns = set(test.column_names)
    if {"source_sentence", "target_sentence"} <= columns:
        return lexical_overlap(test)
    if {"side", "pair"} <= columns:
        return lexical_mining(test)
    if columns & {"ner_tags", "pos_tags"}:
        return most_frequent_tag(train, test)["f1"]
    if "answers" in columns:
        return question_blind(train, test)
    if any(set(names) <= columns for names in PAIR_COLUMNS):
        return max(hypothesis_only(train, test), bag_of_words(train, test))
    raise ValueError(f"no shortcut baseline reads the columns {', '.join(sorted(columns))}")


def hypothesis_only(train: Dataset, test: Dataset) -> float:
    """Accuracy of a linear classifier that sees the second text of each pair as a bag of words."""
    return _linear_accuracy(train, test, both=False)


def bag_of_words(train: Dataset, test: Dataset) -> float:
    """Accuracy of a linear classifier that sees both texts as separate bags of words."""
    return _linear_accuracy(train, test, both=True)


def most_frequent_tag(train: Dataset, test: Dataset) -> dict[str, float]:
    """Span F1 (the score of PAN-X) and token accuracy (points) of each word's most frequent tag in training.

    A word that training never saw gets the tag that is most frequent of all.
    """
    column = "ner_tags" if "ner_tags" in test.column_names else "pos_tags"
    of_word: dict[str, Counter[str]] = defaultdict(Counter)
    of_all: Counter[str] = Counter()
    for words, tags in zip(train["tokens"], train[column], strict=True):
        of_all.update(tags)
        for word, tag in zip(words, tags, strict=True):
            of_word[word][tag] += 1
    default = _most(of_all)
    best = {word: _most(counts) for word, counts in of_word.items()}
    predicted = []
    for words in test["tokens"]:
        predicted.append([best.get(word, default) for word in words])
    scores, _ = tag_scores(list(test[column]), predicted)
    return {"f1": scores["f1"], "accuracy": scores["accuracy"]}


def question_blind(train: Dataset, test: Dataset) -> float:
    """F1 of a reader that never sees the question.

    Naive Bayes over the spans of up to LONGEST words of a context: the span's length and position, its words, and
    the words before and after it; the likeliest span is the answer.
    """
    of_answers: Counter[Hashable] = Counter()
    of_spans: Counter[Hashable] = Counter()
    answers = 0
    spans = 0
    for context, answer in zip(train["context"], train["answers"], strict=True):
        first = answer["answer_start"][0]
        end = first + len(answer["text"][0])
        for span in _spans(context):
            spans += 1
            of_spans.update(span.clues)
            if (span.first, span.end) == (first, end):
                answers += 1
                of_answers.update(span.clues)

    def likelihood(span: Span) -> float:
        total = 0.0
        for clue in span.clues:
            total += np.log((of_answers[clue] + 0.1) / (answers + 1)) - np.log((of_spans[clue] + 0.1) / (spans + 1))
        return total

    predicted = []
    for context in test["context"]:
        best = max(_spans(context), key=likelihood)
        predicted.append(context[best.first : best.end])
    scores, _ = squad([answer["text"] for answer in test["answers"]], predicted)
    return scores["f1"]


def lexical_overlap(test: Dataset) -> float:
    """Accuracy of finding each source sentence's translation by the cosine of character n-grams, weighted by TF-IDF."""
    similarity = _similarity(list(test["source_sentence"]), list(test["target_sentence"]))
    scores, _ = accuracy(list(range(len(similarity))), similarity.argmax(1).tolist())
    return scores["accuracy"]


def lexical_mining(test: Dataset) -> float:
    """F1 of pairing each foreign sentence with the nearest English one by character n-grams, at the best threshold.

    The threshold is chosen on the test itself: an upper bound of what shared letters give away.
    """
    foreign = [row for row in test if row["side"] == "foreign"]
    english = [row for row in test if row["side"] == "english"]
    similarity = _similarity([row["sentence"] for row in foreign], [row["sentence"] for row in english])
    nearest = similarity.argmax(1)
    order = np.argsort(-similarity.max(1), kind="stable")
    right = np.cumsum([foreign[number]["pair"] == english[nearest[number]]["id"] for number in order])
    gold = sum(1 for row in foreign if row["pair"])
    mined = np.arange(1, len(order) + 1)
    return float((200.0 * right / (mined + gold)).max())


def fit(x: sparse.csr_matrix, y: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Weights (features, classes) of a multinomial logistic regression with an L2 penalty, by L-BFGS."""
    shape = (x.shape[1], int(y.max()) + 1)
    target = np.eye(shape[1])[y]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        logits = x @ weights
        value = special.logsumexp(logits, 1).sum() - (logits * target).sum() + 0.5 * penalty * (flat**2).sum()
        gradient = x.T @ (special.softmax(logits, 1) - target) + penalty * weights
        return value, gradient.ravel()

    start = np.zeros(shape[0] * shape[1])
    return optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x.reshape(shape)


def _linear_accuracy(train: Dataset, test: Dataset, both: bool) -> float:
    """Accuracy of a linear classifier over the words of the second text of each pair, or of both."""
    train_bags, train_labels = _bags(train, both)
    test_bags, test_labels = _bags(test, both)
    vocabulary = _vocabulary(train_bags)
    labels, y = np.unique(train_labels, return_inverse=True)
    weights = fit(_count_matrix(train_bags, vocabulary), y)
    predicted = labels[(_count_matrix(test_bags, vocabulary) @ weights).argmax(1)]
    scores, _ = accuracy(test_labels, predicted.tolist())
    return scores["accuracy"]


def _bags(data: Dataset, both: bool) -> tuple[list[Counter[str]], list]:
    """The words of each pair, marked by their side, and the labels."""
    first, second, label = _pair_columns(data)
    bags = []
    for first_text, second_text in zip(data[first], data[second], strict=True):
        bag: Counter[str] = Counter()
        if both:
            bag.update(f"0:{word}" for word in first_text.split())
        bag.update(f"1:{word}" for word in second_text.split())
        bags.append(bag)
    return bags, list(data[label])


def _pair_columns(data: Dataset) -> tuple[str, str, str]:
    for names in PAIR_COLUMNS:
        if set(names) <= set(data.column_names):
            return names
    raise ValueError(f"no pair of texts with a label among the columns {', '.join(data.column_names)}")


def _similarity(source: list[str], target: list[str]) -> np.ndarray:
    """Cosine of the character n-grams, weighted by TF-IDF, of every source with every target, (sources, targets)."""
    bags = [Counter(_ngrams(text)) for text in source + target]
    matrix = _count_matrix(bags, _vocabulary(bags))
    frequency = np.asarray((matrix > 0).sum(0)).ravel()
    matrix = matrix @ sparse.diags(np.log((1 + len(bags)) / (1 + frequency)) + 1)
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    matrix = sparse.diags(1 / length) @ matrix
    return (matrix[: len(source)] @ matrix[len(source) :].T).toarray()


def _vocabulary(bags: Sequence[Counter[str]]) -> dict[str, int]:
    """A number for every feature, in order of appearance."""
    vocabulary: dict[str, int] = {}
    for bag in bags:
        for feature in bag:
            vocabulary.setdefault(feature, len(vocabulary))
    return vocabulary


def _count_matrix(bags: Sequence[Counter[str]], vocabulary: dict[str, int]) -> sparse.csr_matrix:
    """Counts of the features in a vocabulary, (bags, vocabulary)."""
    counts: list[float] = []
    columns: list[int] = []
    starts = [0]
    for bag in bags:
        for feature, count in bag.items():
            if feature in vocabulary:
                counts.append(count)
                columns.append(vocabulary[feature])
        starts.append(len(columns))
    return sparse.csr_matrix((np.array(counts, float), columns, starts), shape=(len(bags), len(vocabulary)))


class Span(NamedTuple):
    """Some words of a context: first character, end, and what a reader can tell from it."""

    first: int
    end: int
    clues: list[Hashable]


def _spans(context: str) -> Iterator[Span]:
    """All spans of up to LONGEST words."""
    words = context.split(" ")
    begin = np.cumsum([0] + [len(word) + 1 for word in words]).tolist()
    for number, word in enumerate(words):
        before = words[number - 1].lower() if number else "^"
        for size in range(1, min(LONGEST, len(words) - number) + 1):
            after = words[number + size] if number + size < len(words) else "$"
            clues: list[Hashable] = [("size", size), ("place", 10 * number // len(words))]
            clues += [("before", size, before), ("after", size, after)]
            clues += [("first", word), ("last", words[number + size - 1])]
            yield Span(begin[number], begin[number + size] - 1, clues)


def _ngrams(text: str) -> Iterator[str]:
    padded = f" {text.lower()} "
    for size in NGRAMS:
        for first in range(len(padded) - size + 1):
            yield padded[first : first + size]


def _most(counts: Counter[str]) -> str:
    """The most frequent key, the first in alphabetical order among equals."""
    return min(counts, key=lambda key: (-counts[key], key))
