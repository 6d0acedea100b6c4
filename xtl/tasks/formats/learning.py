"""Whether predictions are better than those of a model that learned nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import binom

LUCK = 0.975  # the upper end of a 95 % interval


@dataclass(frozen=True)
class Learning:
    """Right decisions of a model beside those of one that learned nothing.

    Attributes:
        right, decisions: of the model; a decision is a label, a choice, a tag, an answer or a hidden token.
        rate: share of the decisions that a model gets right that learned nothing, 0 to 1.
        rule: what such a model does.
    """

    right: int
    decisions: int
    rate: float
    rule: str

    @property
    def limit(self) -> int:
        """The most that luck gives such a model: the upper end of the 95 % interval of the binomial distribution.

        >>> Learning(50, 100, 0.4, "the most frequent label").limit
        50
        """
        return int(binom.ppf(LUCK, self.decisions, self.rate))

    @property
    def learned(self) -> bool:
        """Whether more decisions are right than luck gives.

        >>> Learning(50, 100, 0.4, "the most frequent label").learned
        False
        """
        return self.right > self.limit


def beside_majority(gold: Sequence[Hashable], predicted: Iterable[Hashable], what: str) -> Learning:
    """Predictions beside the most frequent answer alone; what: that answers are called.

    >>> beside_majority(["a", "a", "b", "a"], ["a", "b", "b", "a"], "label")
    Learning(right=3, decisions=4, rate=0.75, rule='the most frequent label')
    """
    right = sum(answer == guess for answer, guess in zip(gold, predicted, strict=True))
    most = max(Counter(gold).values())
    return Learning(right, len(gold), most / len(gold), f"the most frequent {what}")
