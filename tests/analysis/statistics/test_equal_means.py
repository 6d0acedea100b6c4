"""The interaction test against values computed elsewhere, on whole and partial tables."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import FTestAnovaPower

from xtl.analysis.statistics import equal_means as families


def pooled(values: dict) -> pd.DataFrame:
    """Rows as gains.pooled_gains from {(encoder, intermediate): [one gain per seed]}."""
    rows = [(*key, seed, gain) for key, gains in values.items() for seed, gain in enumerate(gains)]
    table = pd.DataFrame(rows, columns=["encoder", "intermediate", "seed", "gain"])
    return table.assign(architecture="", source="en", provenance="native")


ABC = {("a", "mnli"): [1.0, 2, 3], ("b", "mnli"): [2.0, 4, 6], ("c", "mnli"): [5.0, 6, 7]}


def test_one_intermediate_is_the_one_way_f_test():
    found = families.interaction(pooled(ABC)).iloc[0]
    f, p = stats.f_oneway(*ABC.values())
    assert (found["f"], found["p"]) == pytest.approx((f, p)) and (found["df1"], found["df2"]) == (2, 6)
    assert found["pooled_sd"] == pytest.approx(np.sqrt(2)) and found["spread"] == 4
    assert found["p_holm"] == found["p"] and (found["encoders"], found["values"]) == (3, 9)


def test_unequal_numbers_of_seeds():
    values = ABC | {("b", "mnli"): [2.0, np.nan, 6]}
    found = families.interaction(pooled(values)).iloc[0]
    f, p = stats.f_oneway([1, 2, 3], [2, 6], [5, 6, 7])
    assert (found["f"], found["p"]) == pytest.approx((f, p)) and (found["df1"], found["df2"]) == (2, 5)


def test_all_together_by_hand():
    """Two encoders, two intermediates: traces of the between and within matrices, width by Greenhouse and Geisser."""
    a, b = np.array([[1.0, 2, 3], [0.0, 0, 3]]), np.array([[2.0, 4, 6], [1.0, 2, 3]])
    found = families.equal_profiles(np.stack([a, b]))
    between = 3 / 2 * (2**2 + 1**2)  # differences of the means 2 and 1
    within = np.cov(a) * 2 + np.cov(b) * 2
    covariance = within / 4
    width = np.trace(covariance) ** 2 / (covariance**2).sum()
    assert found.f == pytest.approx(between / (np.trace(within) / 4))
    assert (found.df1, found.df2) == pytest.approx((width, 4 * width))
    assert found.sd == pytest.approx(np.sqrt(np.trace(covariance) / 2))


def test_all_together_is_a_row_of_its_own_outside_holms_correction():
    both = ABC | {(encoder, "squad2"): [2 * x for x in gains] for (encoder, _), gains in ABC.items()}
    found = families.interaction(pooled(both)).set_index("intermediate")
    assert list(found.index) == ["mnli", "squad2", families.TOGETHER]
    assert found.loc["mnli", "p_holm"] == pytest.approx(2 * found.loc["mnli", "p"])
    together = found.loc[families.TOGETHER]  # one is twice the other, so there is one dimension
    assert together["f"] == pytest.approx(found.loc["mnli", "f"]) and together["df1"] == pytest.approx(2)
    assert np.isnan(together["p_holm"]) and together["spread"] == 8


def test_an_intermediate_that_an_encoder_lacks_is_not_in_the_joint_test():
    lacking = ABC | {("a", "squad2"): [1.0, 2, 3], ("b", "squad2"): [1.0, 5, 3]}
    found = families.interaction(pooled(lacking)).set_index("intermediate")
    assert list(found.index) == ["mnli", "squad2", families.TOGETHER] and found.loc["squad2", "encoders"] == 2
    assert found.loc["mnli", "encoders"] == 3 and found.loc[families.TOGETHER, "encoders"] == 2
    alone = pooled({key: gains for key, gains in lacking.items() if key != ("b", "squad2")})
    assert list(families.interaction(alone)["intermediate"]) == ["mnli", "squad2"]  # one encoder has two


def test_encoders_with_one_intermediate_do_not_silence_the_joint_test():
    two = {key: gains for key, gains in ABC.items() if key[0] != "c"}
    two |= {("a", "squad2"): [1.0, 2, 3], ("b", "squad2"): [1.0, 5, 3]}
    whole = families.interaction(pooled(two)).set_index("intermediate").loc[families.TOGETHER]
    ragged = families.interaction(pooled(two | ABC)).set_index("intermediate").loc[families.TOGETHER]
    assert ragged["f"] == pytest.approx(whole["f"]) and ragged["p"] == pytest.approx(whole["p"])


def test_pools_are_tested_by_themselves():
    found = families.interaction(pooled(ABC), {"a": "here", "b": "here", "c": "checkpoint"})
    assert found["pool"].tolist() == ["here"] and found["encoders"].tolist() == [2]
    assert found["f"].iloc[0] == pytest.approx(stats.f_oneway([1, 2, 3], [2, 4, 6]).statistic)


def test_too_little_gives_no_test():
    one_seed = pooled({key: gains[:1] for key, gains in ABC.items()})
    found = families.interaction(one_seed).iloc[0]
    assert np.isnan(found["f"]) and np.isnan(found["detectable"]) and found["spread"] == 4
    assert families.interaction(pooled({("a", "mnli"): [1.0, 2.0]})).empty
    assert families.interaction(pooled(ABC).iloc[:0]).empty
    nothing = families.interaction(pooled(ABC).assign(gain=np.nan)).iloc[0]
    assert np.isnan(nothing["f"]) and nothing["values"] == 0
    equal = families.interaction(pooled({key: [1.0, 1, 1] for key in ABC})).iloc[0]
    assert np.isnan(equal["p"])  # no spread between seeds, no test


def test_power_agrees_with_statsmodels():
    """Three encoders of four seeds, two of them 2 sd apart and the third between: Cohen's f is sqrt(2 / 3)."""
    expected = FTestAnovaPower().power(effect_size=np.sqrt(2 / 3), nobs=12, alpha=0.05, k_groups=3)
    assert families.power(2.0, 1.0, [4, 4, 4]) == pytest.approx(expected, abs=1e-6)
    assert families.power(0.0, 1.0, [3, 3, 3]) == pytest.approx(0.05, abs=1e-6)
    least = families.detectable(1.5, [3, 3, 3])
    assert families.power(least, 1.5, [3, 3, 3]) == pytest.approx(0.8, abs=1e-6)
    assert np.isnan(families.detectable(1.0, [3])) and np.isnan(families.detectable(np.nan, [3, 3]))


def test_other_patterns_with_the_same_largest_difference_are_found_more_often():
    rng, seeds = np.random.default_rng(0), 4
    for means in itertools.product([0.0, 2.0], [0.0, 2.0], [0.0], [2.0]):
        values = np.array(means)[:, None] + rng.normal(size=(2000, 4, seeds))
        assert (families.equal_means(values).p < 0.05).mean() > families.power(2.0, 1.0, [seeds] * 4) - 0.03
