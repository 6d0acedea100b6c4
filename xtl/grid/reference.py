"""The block of a grid file that holds published scores of others, to be set beside the grid's own."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field, field_validator

from xtl.base.validation import Strict
from xtl.grid.checks import known_task
from xtl.tasks.catalog import TASKS

BEST = "best"  # an intermediate: that of each target which is best there
METRICS = sorted({metric for task in TASKS.values() for metric in task.score})
Nested = dict[str, float | dict[str, float | dict[str, float]]]


@dataclass(frozen=True)
class PublishedScore:
    """A score in points; without a metric the task's score, without a language the mean over the task's languages."""

    target: str
    metric: str
    language: str
    points: float


class Reference(Strict):
    """Published scores of one system, and what of this grid they are set beside; xtl.analysis.questions.reference."""

    source: str = Field(min_length=1, description="who published them, and where")
    encoder: str = Field(description="the encoder of this grid that they are set beside")
    intermediate: str = Field("none", description="the same of its intermediates; `best`: each target's best")
    scores: Nested = Field(
        min_length=1,
        description="target -> points; or metric -> points, language -> points, metric -> language -> points",
    )

    @field_validator("scores")
    @classmethod
    def known_scores(cls, value: Nested) -> Nested:
        """Targets, metrics and languages are the catalog's, and every score is one of 0 to 100 points."""
        for score in _flat(value):
            known_task(score.target, "target")
            if score.metric and score.metric not in METRICS:
                raise ValueError(f"{score.target}: unknown metric '{score.metric}'; known: {', '.join(METRICS)}")
            languages = TASKS[score.target].languages
            if score.language and score.language not in languages:
                raise ValueError(
                    f"{score.target}: '{score.language}' is neither a metric ({', '.join(METRICS)}) nor one of its "
                    f"languages, {', '.join(languages)}"
                )
            if not 0 <= score.points <= 100:
                raise ValueError(f"{score.target}: {score.points:g} is no score in points, which go from 0 to 100")
        return value

    def published(self) -> list[PublishedScore]:
        """Every score, in the order of the file."""
        return list(_flat(self.scores))


def _flat(scores: Nested) -> Iterator[PublishedScore]:
    for target, value in scores.items():
        if not isinstance(value, dict):
            yield PublishedScore(target, "", "", value)
            continue
        for key, inner in value.items():
            if isinstance(inner, dict):
                for language, points in inner.items():
                    yield PublishedScore(target, key, language, points)
            elif key in METRICS:
                yield PublishedScore(target, key, "", inner)
            else:
                yield PublishedScore(target, "", key, inner)
