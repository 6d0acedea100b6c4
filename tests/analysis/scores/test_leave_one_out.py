"""Mean gains with one target or family left out, by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.rows import gains_table
from xtl.analysis.scores import leave_one_out

FAMILIES = {"en": "Germanic", "de": "Germanic", "hi": "Indic"}
# target -> gains in English, German and Hindi in two seeds
GAINS = {
    "udpos": ([1.0, 2, 3], [3, 4, 5]),
    "xquad": ([5, 5, 5], [7, 7, 7]),
    "tatoeba": ([np.nan, 0, 9], [np.nan, 2, 11]),
}


def tables(targets=tuple(GAINS), same_data=()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gains of tasks and by language; Tatoeba has no English."""
    parts = []
    means = {}
    for target in targets:
        table = np.array(GAINS[target], float)
        means["a", "mnli", target] = np.nanmean(table, axis=1).tolist()
        for code, column in zip(FAMILIES, table.T, strict=True):
            if np.isfinite(column).all():
                parts.append(gains_table({("a", "mnli", target): column.tolist()}, same_data).assign(language=code))
    return gains_table(means, same_data), pd.concat(parts)


def ranges(*args, families=FAMILIES) -> pd.Series:
    return leave_one_out.ranges(*args, families).iloc[0]


def test_targets_and_families_are_left_out_in_turn():
    found = ranges(*tables())
    assert found["mean"] == pytest.approx((3 + 6 + 5.5) / 3)
    assert found["targets"] == (pytest.approx(8.5 / 2), "xquad", pytest.approx(11.5 / 2), "udpos")
    # without Germanic: Hindi alone, 4, 6 and 10; without Indic: 2.5, 6 and 1
    assert found["families"] == (pytest.approx(9.5 / 3), "Indic", pytest.approx(20 / 3), "Germanic")


def test_cells_of_the_same_data_stay_out():
    found = ranges(*tables(same_data=[("mnli", "xquad")]))
    assert found["mean"] == pytest.approx((3 + 5.5) / 2)
    assert found["targets"] == (3, "tatoeba", 5.5, "udpos")


def test_one_target_or_one_family_leaves_nothing():
    found = ranges(*tables(["udpos"]))
    assert found["targets"] is None and found["families"].without_low == "Indic"
    assert ranges(*tables(["udpos"]), families=dict.fromkeys(FAMILIES, "one"))["families"] is None


def test_only_seeds_with_every_target_enter():
    task_gains, by_language = tables()
    task_gains.loc[(task_gains["target"] == "xquad") & (task_gains["seed"] == 1), "gain"] = np.nan
    found = ranges(task_gains, by_language)
    assert found["mean"] == pytest.approx((2 + 5 + 4.5) / 3)
    assert found["families"].high == pytest.approx((3 + 5 + 9) / 3)
    task_gains["gain"] = np.nan
    assert leave_one_out.ranges(task_gains, by_language, FAMILIES).empty
