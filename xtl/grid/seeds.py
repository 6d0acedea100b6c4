"""The seeds of a grid: plain ones, or seeds of pretraining crossed with seeds of fine-tuning."""

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag

from xtl.base.validation import Strict
from xtl.grid.checks import twice


def different(value: tuple[int, ...]) -> tuple[int, ...]:
    """Each seed is one that random generators take, and named once."""
    if twice(value):
        raise ValueError("names a seed twice")
    if any(not 0 <= seed < 2**32 for seed in value):
        raise ValueError("a seed is a whole number from 0 to 4,294,967,295")
    return value


SeedList = Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(different)]


class Seeds(Strict):
    """Seeds of pretraining, each of them fine-tuned with every seed of fine-tuning."""

    pretraining: SeedList = Field(description="of the encoders that are pretrained here; others are one instance")
    finetuning: SeedList = Field(description="of intermediate and target training: new heads, order and choice of data")


PLAIN, CROSSED = "list[seeds]", "block[seeds]"  # the kinds; a problem's place leaves out what has a bracket


def _kind(value: object) -> str:
    return CROSSED if isinstance(value, dict | Seeds) else PLAIN


AnySeeds = Annotated[Annotated[SeedList, Tag(PLAIN)] | Annotated[Seeds, Tag(CROSSED)], Discriminator(_kind)]


def of_runs(seeds: tuple[int, ...] | Seeds, pretrained: bool) -> list[tuple[int, int | None]]:
    """What an encoder runs with: its seed, and that of fine-tuning where it is another one; None where it is not.

    pretrained: here. The seed is what another independent value takes: of a finished checkpoint, which is one instance,
    that of fine-tuning.
    """
    if not isinstance(seeds, Seeds):
        return [(seed, None) for seed in seeds]
    if not pretrained:
        return [(seed, None) for seed in seeds.finetuning]
    return [(seed, finetuning) for seed in seeds.pretraining for finetuning in seeds.finetuning]


def every(seeds: tuple[int, ...] | Seeds) -> set[int]:
    """All seeds that the runs of results have."""
    return {*seeds.pretraining, *seeds.finetuning} if isinstance(seeds, Seeds) else set(seeds)
