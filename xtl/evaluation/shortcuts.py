"""Shortcut baselines: what a task gives away to models that cannot do it (points), from real datasets' columns."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import optimize, sparse, special

from xtl.tasks.formats.metrics import accuracy, squad, tag_scores

# The two texts and the label of each sentence-pair dataset.
PAIR_COLUMNS = (
    ("premise", "hypothesis", "label"),
    ("sentence1", "sentence2", "gold_label"),
    ("question1", "question2", "label"),
    ("sentence1", "sentence2", "label"),
)


def hypothesis_only(train, test) -> float:
    """Accuracy of a linear classifier that sees the second text of each pair as a bag of words."""
    return _bag_of_words(train, test, (1,))


def bag_of_words(train, test) -> float:
    """Accuracy of a linear classifier that sees both texts as separate bags of words."""
    return _bag_of_words(train, test, (0, 1))


def most_frequent_tag(train, test) -> dict[str, float]:
    """Span F1 (the score of PAN-X) and token accuracy (points) of each word's most frequent tag in training.

    A word that training never saw gets the tag that is most frequent of all.
    """
    column = "ner_tags" if "ner_tags" in test.column_names else "pos_tags"
    counts: dict[str, Counter] = defaultdict(Counter)
    for words, tags in zip(train["tokens"], train[column], strict=True):
        for word, tag in zip(words, tags, strict=True):
            counts[word][tag] += 1
    default = _most(sum(counts.values(), Counter()))
    best = {word: _most(tags) for word, tags in counts.items()}
    predicted = [[best.get(word, default) for word in words] for words in test["tokens"]]
    scores, _ = tag_scores(list(test[column]), predicted)
    return {"f1": scores["f1"], "accuracy": scores["accuracy"]}


def question_blind(train, test, longest: int = 3) -> float:
    """F1 of a reader that never sees the question.

    Naive Bayes over the spans of up to `longest` words of a context: the span's length and position, its words, and
    the words before and after it; the likeliest span is the answer.
    """
    inside, everywhere, hits, total = Counter(), Counter(), 0, 0
    for context, answer in zip(train["context"], train["answers"], strict=True):
        begin = answer["answer_start"][0]
        for first, end, clues in _candidates(context, longest):
            everywhere.update(clues)
            total += 1
            if first == begin and end == begin + len(answer["text"][0]):
                inside.update(clues)
                hits += 1

    def score(clues: Iterable) -> float:
        return sum(np.log((inside[c] + 0.1) / (hits + 1)) - np.log((everywhere[c] + 0.1) / (total + 1)) for c in clues)

    predicted = []
    for context in test["context"]:
        first, end, _ = max(_candidates(context, longest), key=lambda candidate: score(candidate[2]))
        predicted.append(context[first:end])
    return squad([answer["text"] for answer in test["answers"]], predicted)[0]["f1"]


def lexical_overlap(test, sizes: Sequence[int] = (2, 3, 4)) -> float:
    """Accuracy of finding each source sentence's translation by the cosine of character n-grams, weighted by TF-IDF."""
    source, target = list(test["source_sentence"]), list(test["target_sentence"])
    similarity = _similarity(source, target, sizes)
    return accuracy(list(range(len(source))), similarity.argmax(1).tolist())[0]["accuracy"]


def lexical_mining(test, sizes: Sequence[int] = (2, 3, 4)) -> float:
    """F1 of pairing each foreign sentence with the nearest English one by character n-grams, at the best threshold.

    The threshold is chosen on the test itself: an upper bound of what shared letters give away.
    """
    rows = list(zip(test["id"], test["side"], test["sentence"], test["pair"], strict=True))
    foreign, english = ([row for row in rows if row[1] == side] for side in ("foreign", "english"))
    similarity = _similarity([row[2] for row in foreign], [row[2] for row in english], sizes)
    nearest = similarity.argmax(1)
    order = np.argsort(-similarity.max(1), kind="stable")
    right = np.cumsum([foreign[i][3] == english[nearest[i]][0] for i in order])
    gold = sum(bool(row[3]) for row in foreign)
    return float((200.0 * right / (np.arange(1, len(order) + 1) + gold)).max())


def _similarity(source: list[str], target: list[str], sizes: Sequence[int]) -> np.ndarray:
    vocabulary: dict[str, int] = {}
    rows = [Counter(_ngrams(text, sizes)) for text in source + target]
    matrix = _counts(rows, vocabulary, grow=True)
    frequency = np.asarray((matrix > 0).sum(0)).ravel()
    matrix = matrix @ sparse.diags(np.log((1 + len(rows)) / (1 + frequency)) + 1)
    matrix = sparse.diags(1 / np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())) @ matrix
    return (matrix[: len(source)] @ matrix[len(source) :].T).toarray()


def strongest(task: str, train, test) -> float:
    """The best that a shortcut reaches on a task's test set in the task's own score; `train` is unused for retrieval.

    Raises ValueError for columns that no baseline reads.
    """
    columns = set(test.column_names)
    if {"source_sentence", "target_sentence"} <= columns:
        return lexical_overlap(test)
    if {"side", "pair"} <= columns:
        return lexical_mining(test)
    if "ner_tags" in columns:
        return most_frequent_tag(train, test)["f1"]
    if "pos_tags" in columns:
        return most_frequent_tag(train, test)["f1"]
    if "answers" in columns:
        return question_blind(train, test)
    if any(set(pair) <= columns for pair in PAIR_COLUMNS):
        return max(hypothesis_only(train, test), bag_of_words(train, test))
    raise ValueError(f"no shortcut baseline reads the columns {', '.join(sorted(columns))}")


def _bag_of_words(train, test, sides: tuple[int, ...]) -> float:
    texts, gold = zip(*(_pair_columns(part) for part in (train, test)), strict=True)
    vocabulary: dict[str, int] = {}
    matrices = []
    for number, columns in enumerate(texts):
        rows = [
            Counter(f"{side}:{word}" for side in sides for word in row[side].split())
            for row in zip(*columns, strict=True)
        ]
        matrices.append(_counts(rows, vocabulary, grow=number == 0))
    matrices[0].resize(matrices[0].shape[0], len(vocabulary))
    labels, y = np.unique(gold[0], return_inverse=True)
    predicted = labels[(matrices[1] @ fit(matrices[0], y)).argmax(1)]
    return accuracy(gold[1], predicted.tolist())[0]["accuracy"]


def fit(x: sparse.csr_matrix, y: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Weights (features, classes) of a multinomial logistic regression with an L2 penalty, by L-BFGS."""
    shape = (x.shape[1], int(y.max()) + 1)
    target = np.eye(shape[1])[y]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        logits = x @ weights
        value = special.logsumexp(logits, 1).sum() - (logits * target).sum() + 0.5 * penalty * (flat**2).sum()
        return value, (x.T @ (special.softmax(logits, 1) - target) + penalty * weights).ravel()

    return optimize.minimize(
        loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    ).x.reshape(shape)


def _pair_columns(data) -> tuple[tuple[list[str], list[str]], list]:
    for first, second, label in PAIR_COLUMNS:
        if {first, second, label} <= set(data.column_names):
            return (list(data[first]), list(data[second])), list(data[label])
    raise ValueError(f"no pair of texts with a label among the columns {', '.join(data.column_names)}")


def _counts(rows: list[Counter], vocabulary: dict[str, int], grow: bool) -> sparse.csr_matrix:
    """Count matrix (rows, vocabulary); without `grow`, unknown features are left out."""
    if grow:
        for row in rows:
            for feature in row:
                vocabulary.setdefault(feature, len(vocabulary))
    known = [[(vocabulary[feature], count) for feature, count in row.items() if feature in vocabulary] for row in rows]
    start = np.cumsum([0] + [len(row) for row in known])
    flat = np.array([item for row in known for item in row], float).reshape(-1, 2)
    return sparse.csr_matrix((flat[:, 1], flat[:, 0].astype(int), start), shape=(len(rows), len(vocabulary)))


def _candidates(context: str, longest: int) -> list[tuple[int, int, list]]:
    """Spans of a context as (first character, end, clues)."""
    words = context.split(" ")
    begin = np.cumsum([0] + [len(word) + 1 for word in words]).tolist()
    result = []
    for i in range(len(words)):
        for size in range(1, min(longest, len(words) - i) + 1):
            before = words[i - 1].lower() if i else "^"
            after = words[i + size] if i + size < len(words) else "$"
            clues = [("size", size), ("place", 10 * i // len(words)), ("before", size, before), ("after", size, after)]
            clues += [("first", words[i]), ("last", words[i + size - 1])]
            result.append((begin[i], begin[i + size] - 1, clues))
    return result


def _ngrams(text: str, sizes: Sequence[int]) -> list[str]:
    padded = f" {text.lower()} "
    return [padded[i : i + size] for size in sizes for i in range(len(padded) - size + 1)]


def _most(counts: Counter) -> str:
    """The most frequent key, the first in alphabetical order among equals."""
    return min(counts, key=lambda key: (-counts[key], key))
