"""Schedules: batches of equal token counts that visit every sequence once an epoch."""

import numpy as np
import pytest

from xtl.models.schedules import Stage, schedule


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_schedules_hold_the_promised_tokens_whatever_the_lengths(share):
    lengths = np.random.default_rng(1).integers(5, 30, size=400)
    made = schedule(
        lengths, [Stage(40, 0, 200), Stage(10, 200, 100)], (300, 100), share, batch_tokens=200, seed=0, pool=8
    )
    items = [item for batch in made.batches for item in batch]
    assert len(made.batches) == 50
    assert made.tokens == sum(lengths[n] for n, _ in items)
    assert 50 * 200 <= made.tokens < 50 * 200 + 30
    drawn = np.mean([n >= 300 for n, _ in items])
    assert drawn == 0 if not share else abs(drawn - share) < 0.06
    assert made.tokens / made.padded_tokens > 0.85
    early, late = (
        {n for batch in part for n, _ in batch if n < 300} for part in (made.batches[:40], made.batches[40:])
    )
    assert max(early) < 200 <= min(late)


def test_schedules_visit_every_sequence_once_an_epoch_and_repeat_exactly():
    def make(seed):
        return schedule(np.full(20, 10), [Stage(8, 0, 20)], (20, 0), 0.0, batch_tokens=50, seed=seed)

    items = [item for batch in make(3).batches for item in batch]
    assert sorted(items) == [(n, e) for n in range(20) for e in range(2)]
    assert make(3).batches == make(3).batches
    assert make(3).batches != make(4).batches
