"""Welch's F test between encoders against values computed elsewhere, on whole and partial tables."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.oneway import anova_oneway

from xtl.analysis.statistics.equal_means import interaction


def pooled(values: dict) -> pd.DataFrame:
    """Rows as gains.pooled_gains from {(encoder, intermediate): [one gain per seed]}."""
    rows = [(*key, seed, gain) for key, gains in values.items() for seed, gain in enumerate(gains)]
    table = pd.DataFrame(rows, columns=["encoder", "intermediate", "seed", "gain"])
    return table.assign(architecture="", source="en", provenance="native")


ABC = {("a", "mnli"): [1.0, 2, 3], ("b", "mnli"): [2.0, 4, 6], ("c", "mnli"): [5.0, 6, 7]}


def test_it_is_welchs_f():
    found = interaction(pooled(ABC)).iloc[0]
    expected = anova_oneway(list(ABC.values()), use_var="unequal", welch_correction=True)
    assert (found["f"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found["df1"], found["df2"]) == pytest.approx((expected.df_num, expected.df_denom))
    assert found["spread"] == 4 and (found["encoders"], found["values"]) == (3, 9)


def test_unequal_numbers_of_seeds():
    found = interaction(pooled(ABC | {("b", "mnli"): [2.0, np.nan, 6]})).iloc[0]
    expected = anova_oneway([[1, 2, 3], [2, 6], [5, 6, 7]], use_var="unequal", welch_correction=True)
    assert (found["f"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue)) and found["values"] == 8


def test_an_encoder_that_says_nothing_of_its_variance_stays_out():
    two = interaction(pooled({key: ABC[key] for key in list(ABC)[:2]})).iloc[0]
    for silent in ([9.0], [9.0, 9.0, 9.0], [np.nan, 9.0]):
        found = interaction(pooled(ABC | {("c", "mnli"): silent})).iloc[0]
        assert found["p"] == pytest.approx(two["p"]) and found["encoders"] == 2


def test_a_row_an_intermediate():
    both = ABC | {(encoder, "squad2"): [2 * x for x in gains] for (encoder, _), gains in ABC.items()}
    found = interaction(pooled(both)).set_index("intermediate")
    assert list(found.index) == ["mnli", "squad2"]
    assert found.loc["mnli", "p"] == pytest.approx(found.loc["squad2", "p"]) and found.loc["squad2", "spread"] == 8


def test_too_little_gives_no_test():
    one_seed = interaction(pooled({key: gains[:1] for key, gains in ABC.items()})).iloc[0]
    assert np.isnan(one_seed["f"]) and np.isnan(one_seed["p"])
    assert np.isnan(interaction(pooled({("a", "mnli"): [1.0, 2.0]}))["p"].iloc[0])
    assert interaction(pooled(ABC).iloc[:0]).empty
    nothing = interaction(pooled(ABC).assign(gain=np.nan)).iloc[0]
    assert np.isnan(nothing["f"]) and nothing["values"] == 0
    assert np.isnan(interaction(pooled({key: [1.0, 1, 1] for key in ABC}))["p"].iloc[0])
