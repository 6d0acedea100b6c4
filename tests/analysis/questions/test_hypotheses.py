"""Hypotheses of a grid file: estimates by hand, Holm over the file, what lacks, and the promised error rates."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.analysis.rows import gains_table
from xtl.analysis.questions import hypotheses
from xtl.analysis.statistics import clustered
from xtl.grid.blocks import Intermediate
from xtl.grid.schema import Hypothesis

THREE = {("a", "mnli", "udpos"): [1.0, 2.0, 3.0], ("b", "mnli", "udpos"): [2.0, 4.0, 6.0]}
FAMILIES = {f"l{i}": f"f{i // 3}" for i in range(24)}  # families of three


def points(gains: dict, similarity, target="udpos", intermediate="mnli") -> pd.DataFrame:
    """Gains by language as similarity.points returns them, from {encoder: one gain per language}."""
    rows = [
        {"encoder": encoder, "architecture": "", "intermediate": intermediate, "target": target, "source": "en",
         "provenance": "native", "language": f"l{i}", "gain": gain, "same_data": False, "similarity": similarity[i]}
        for encoder, series in gains.items()
        for i, gain in enumerate(series)
    ]  # fmt: skip
    return pd.DataFrame(rows)


NO_POINTS = points({"a": [1.0]}, [0.5]).iloc[:0]


def answers(*asked, gains=THREE, same_data=(), by_language=NO_POINTS, intermediates=None) -> pd.DataFrame:
    given = [Hypothesis.model_validate({"name": f"h{i}", **one}) for i, one in enumerate(asked)]
    table = gains_table(gains, same_data)
    blocks = {name: Intermediate.model_validate(block) for name, block in (intermediates or {}).items()}
    return hypotheses.evaluate(given, table, by_language, FAMILIES, blocks).set_index("name")


def test_gain_of_one_encoder_by_hand():
    found = answers({"effect": "gain", "contrast": ["mnli", "a"]}).loc["h0"]
    error = np.sqrt(2.5 / 3)
    assert found["estimate"] == 2 and found["df"] == 4 and found["seeds"] == 3 and found["unit"] == "points"
    assert found["p"] == pytest.approx(0.0936 / 2, abs=3e-4) and found["p_holm"] == found["p"]
    assert found["status"] == "supported" and found["low"] == pytest.approx(2 - 2.776445 * error, rel=1e-6)
    assert found["detectable"] == pytest.approx((2.131847 + 0.940965) * error, rel=1e-5)  # t at 0.95 and at 0.8


def test_every_hypothesis_of_the_file_counts_in_holm_and_in_what_can_be_detected():
    one = {"effect": "gain", "contrast": ["mnli", "a"]}
    found = answers(one, {"effect": "gain", "contrast": ["qqp"]})
    assert found.loc["h1", "status"] == "missing" and np.isnan(found.loc["h1", "p"])
    assert found.loc["h0", "p_holm"] == pytest.approx(2 * found.loc["h0", "p"])
    assert found.loc["h0", "status"] == "not shown"
    error = np.sqrt(2.5 / 3)
    assert found.loc["h0", "detectable"] == pytest.approx((2.776445 + 0.940965) * error, rel=1e-5)  # 0.05 / 2


def test_differences_and_their_direction():
    found = answers(
        {"effect": "encoder_difference", "contrast": "a - b"},
        {"effect": "encoder_difference", "contrast": "a - b", "direction": "less"},
        {"effect": "encoder_difference", "contrast": "a - b", "direction": "two-sided"},
    )
    assert found["estimate"].tolist() == [-2] * 3
    assert found.loc["h0", "p"] == pytest.approx(1 - found.loc["h1", "p"])
    assert found.loc["h2", "p"] == pytest.approx(2 * found.loc["h1", "p"])
    assert found.loc["h0", "statement"] == "gain of mnli, a − b, over udpos: above 0"


def test_intermediates_and_the_control():
    gains = {("a", "mnli", "udpos"): [3.0, 3.2, 3.4], ("a", "none+steps", "udpos"): [1.0, 1.2, 1.4]}
    arms = {"mnli": {"tasks": ["mnli"]}, "none+steps": {"tasks": [], "steps_of": "mnli"}}
    found = answers(
        {"effect": "intermediate_difference", "contrast": ["mnli", "none+steps"]}, {"effect": "gain"},
        gains=gains, intermediates=arms,
    )  # fmt: skip
    assert found.loc["h0", "estimate"] == pytest.approx(2) and found.loc["h0", "status"] == "supported"
    assert found.loc["h1", "estimate"] == pytest.approx(3.2)  # the control is no intermediate task


def test_a_one_sided_hypothesis_can_be_contradicted():
    found = answers({"effect": "gain", "contrast": "mnli"}, gains={("a", "mnli", "udpos"): [-3.0, -3.1, -2.9]})
    assert found.loc["h0", "status"] == "contradicted"


@pytest.mark.parametrize(
    "gains, same_data, status, note",
    [
        ({("a", "mnli", "udpos"): [1.0, np.nan]}, (), "missing", "1 of 2 gains lack .* a mnli udpos seed 1"),
        ({("a", "mnli", "udpos"): [1.0]}, (), "no test", "one seed"),
        ({("a", "mnli", "udpos"): [1.0, 2.0]}, [("mnli", "udpos")], "no test", "same data"),
        ({}, (), "missing", "no cell of mnli"),
    ],
)
def test_what_cannot_be_tested_says_why(gains, same_data, status, note):
    found = answers({"effect": "gain", "contrast": "mnli"}, gains=gains, same_data=same_data).loc["h0"]
    assert found["status"] == status and np.isnan(found["p"])
    assert pd.Series([found["note"]]).str.contains(note).all()


def test_targets_are_those_of_the_hypothesis():
    gains = {**THREE, ("a", "mnli", "xquad"): [9.0, 9.0, np.nan], ("b", "mnli", "xquad"): [9.0] * 3}
    found = answers({"effect": "gain", "contrast": "mnli", "targets": ["udpos"]}, {"effect": "gain"}, gains=gains)
    assert found.loc["h0", "estimate"] == 3 and found.loc["h1", "status"] == "missing"


def test_a_target_of_the_same_data_is_not_counted():
    gains = {("a", "panx", target): np.array([1.0, 2.0, 3.0]) for target in ("udpos", "xnli", "panx")}
    same = [("panx", "panx")]
    found = answers({"effect": "gain", "contrast": "panx"}, gains=gains, same_data=same).loc["h0"]
    assert found.statement == "gain of panx, at a, over 2 targets: above 0" and found.estimate == pytest.approx(2.0)


def test_no_hypothesis_is_an_empty_table():
    assert hypotheses.evaluate([], gains_table(THREE), NO_POINTS, {}).empty


def test_correlation_of_a_profile_over_targets_and_encoders():
    similarity = np.arange(6) / 6
    rising, falling = np.arange(6.0), -np.arange(6.0)
    both = pd.concat([points({"a": rising, "b": falling}, similarity), points({"a": rising * 2, "b": falling},
                                                                             similarity, "xquad")])  # fmt: skip
    wide = hypotheses.profiles(both, ["mnli"], ["a", "b"])
    assert wide["a"].tolist() == pytest.approx(list(1.5 * rising))
    assert hypotheses.correlation(wide, {"a": 1.0}, FAMILIES).value == pytest.approx(1)
    assert hypotheses.correlation(wide, {"a": 0.5, "b": 0.5}, FAMILIES).value == pytest.approx(0)
    assert hypotheses.correlation(wide, {"a": 1.0, "b": -1.0}, FAMILIES).value == pytest.approx(2)


def test_correlation_needs_five_languages():
    wide = hypotheses.profiles(points({"a": np.arange(4.0)}, np.arange(4) / 4), ["mnli"], ["a"])
    found = hypotheses.correlation(wide, {"a": 1.0}, FAMILIES)
    assert np.isnan(found.value) and np.isnan(found.p) and found.n == 3  # l3 has nobody to be compared with


def test_languages_alone_in_their_families_are_compared_with_each_other():
    gains = [1.0, 2, 3, 4, 6, 5]
    six = hypotheses.profiles(points({"a": gains}, np.arange(6) / 6), ["mnli"], ["a"])
    r = stats.spearmanr(np.arange(6), gains)[0]
    every = np.array([np.corrcoef(gains, order)[0, 1] for order in permutations(range(6))])
    for families in ({code: code for code in FAMILIES}, {}):
        alone = hypotheses.correlation(six, {"a": 1.0}, families)
        assert alone.value == pytest.approx(r)
        assert alone.p == pytest.approx((np.abs(every) >= r - 1e-9).mean())


def test_p_counts_the_orders_within_families():
    wide = hypotheses.profiles(points({"a": np.array([1.0, 2, 3, 4, 6, 5])}, np.arange(6) / 6), ["mnli"], ["a"])
    gains, similarity = np.array([1.5, 3.5, 5.5, 1.5, 5.5, 3.5]), [1.5, 3.5, 5.5] * 2  # ranks of the departures
    orders = [[*first, *second] for first in permutations(range(3)) for second in permutations(range(3, 6))]
    r = np.array([np.corrcoef(gains[order], similarity)[0, 1] for order in orders])
    found = hypotheses.correlation(wide, {"a": 1.0}, FAMILIES, "greater")
    assert found.value == pytest.approx(0.75) and found.df == 4
    assert found.p == pytest.approx((r >= 0.75 - 1e-9).mean()) and found.p == pytest.approx(5 / 36)
    both = hypotheses.correlation(wide, {"a": 1.0}, FAMILIES, "two-sided")
    assert both.p == pytest.approx((np.abs(r) >= 0.75 - 1e-9).mean()) and both.p == pytest.approx(10 / 36)
    assert hypotheses.correlation(wide, {"a": 1.0}, FAMILIES, "less").p == pytest.approx((r <= 0.75 + 1e-9).mean())


def test_one_encoder_is_what_the_section_on_similarity_says():
    similarity, gains = np.random.default_rng(1).normal(size=(2, 24))
    wide = hypotheses.profiles(points({"a": gains}, similarity), ["mnli"], ["a"])
    found = hypotheses.correlation(wide, {"a": 1.0}, FAMILIES)
    same = clustered.within_families(similarity, gains, [FAMILIES[f"l{i}"] for i in range(24)])
    assert (found.value, found.p, found.low, found.high) == pytest.approx((same.r, same.p, same.low, same.high))


def test_the_mean_of_two_encoders_moves_similarity_against_both_at_once():
    first, second = np.array([1.0, 2, 3, 4, 6, 5]), np.array([1.0, 3, 2, 4, 5, 6])
    wide = hypotheses.profiles(points({"a": first, "b": second}, np.arange(6) / 6), ["mnli"], ["a", "b"])
    found = hypotheses.correlation(wide, {"a": 0.5, "b": 0.5}, FAMILIES, "greater")
    orders = [[*one, *two] for one in permutations(range(3)) for two in permutations(range(3, 6))]
    a, b = np.array([1.5, 3.5, 5.5, 1.5, 5.5, 3.5]), np.array([1.5, 5.5, 3.5, 1.5, 3.5, 5.5])
    r = [np.mean([np.corrcoef(rank[order], [1.5, 3.5, 5.5] * 2)[0, 1] for rank in (a, b)]) for order in orders]
    assert found.each == pytest.approx((0.75, 0.75)) and found.value == pytest.approx(0.75)
    assert found.p == pytest.approx((np.array(r) >= 0.75 - 1e-9).mean())


def test_a_language_without_a_gain_stays_out():
    wide = hypotheses.profiles(points({"a": [1.0, 2, np.nan, 4, 5, 6]}, np.arange(6) / 6), ["mnli"], ["a"])
    assert hypotheses.correlation(wide, {"a": 1.0}, FAMILIES).n == 5


def planted(rng, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Similarity and gain of 24 languages: both cluster by family, and the gain rises with similarity by `slope`."""
    family = np.repeat(np.arange(8), 3)
    similarity = rng.normal(size=8)[family] + 0.7 * rng.normal(size=24)
    return similarity, rng.normal(size=8)[family] + 0.7 * rng.normal(size=24) + slope * similarity


def rate(slope: float, weights: dict, runs: int) -> float:
    rng, found = np.random.default_rng(3), 0
    for _ in range(runs):
        similarity, first = planted(rng, slope)
        second = rng.normal(size=8)[np.repeat(np.arange(8), 3)] + 0.7 * rng.normal(size=24)
        wide = pd.DataFrame({"a": first, "b": second, "similarity": similarity}, index=list(FAMILIES))
        found += hypotheses.correlation(wide, weights, FAMILIES, draws=300).p < 0.05
    return found / runs


@pytest.mark.parametrize("weights", [{"a": 1.0}, {"a": 1.0, "b": -1.0}])
def test_families_that_cluster_do_not_pass_for_a_relation(weights):
    """Nothing planted: at most 7 % false positives, for a correlation and for a difference of two."""
    assert rate(0.0, weights, 600) <= 0.07


def test_a_planted_slope_is_found():
    assert rate(1.5, {"a": 1.0}, 60) > 0.8


def test_a_correlation_reaches_the_table():
    rng = np.random.default_rng(0)
    similarity = rng.permutation(24) / 24
    seeds = {("a", "mnli", "udpos"): [1.0, 2.0]}
    by_language = points({"a": similarity * 5}, similarity)
    found = answers({"effect": "similarity", "contrast": "mnli"}, gains=seeds, by_language=by_language).loc["h0"]
    assert found["estimate"] == pytest.approx(1) and found["status"] == "supported" and found["n"] == 24
    expected = np.tanh((1.644854 + 0.841621) * np.sqrt(1 / (24 - 8 - 2)))
    assert found["unit"] == "r" and found["detectable"] == pytest.approx(expected, rel=1e-5)
    missing = answers({"effect": "similarity"}, gains={("a", "mnli", "udpos"): [1.0, np.nan]}, by_language=by_language)
    assert missing.loc["h0", "status"] == "missing"


def test_a_control_is_compared_over_the_targets_that_it_has():
    """MNLI gains 12 on retrieval, where the control has no cell; on tagging both gain alike."""
    gains = {("a", "mnli", "udpos"): [2.0, 2.2, 1.8], ("a", "none+mnli", "udpos"): [2.1, 2.0, 1.9],
             ("a", "mnli", "tatoeba"): [12.0, 12.1, 11.9]}  # fmt: skip
    arms = {"mnli": {"tasks": ["mnli"]}, "none+mnli": {"tasks": [], "steps_of": "mnli"}}
    asked = {"effect": "intermediate_difference", "contrast": ["mnli", "none+mnli"]}
    found = answers(asked, {**asked, "targets": ["udpos", "tatoeba"]}, gains=gains, intermediates=arms)
    assert found.loc["h0", "estimate"] == pytest.approx(0) and found.loc["h0", "status"] == "not shown"
    assert found.loc["h0", "targets"] == "udpos" and found.loc["h0", "statement"].endswith("over udpos: above 0")
    assert found.loc["h1", "status"] == "missing" and "no cell of a none+mnli tatoeba" in found.loc["h1", "note"]


def test_encoders_need_not_have_every_intermediate():
    """b has no qqp: it is out of what compares with qqp, and qqp out of what compares with b."""
    gains = {("a", "mnli", "udpos"): [1.0, 1.2, 0.8], ("a", "qqp", "udpos"): [11.0, 11.1, 10.9],
             ("b", "mnli", "udpos"): [1.0, 1.1, 0.9]}  # fmt: skip
    found = answers(
        {"effect": "encoder_difference", "contrast": "a - b"},
        {"effect": "intermediate_difference", "contrast": "qqp - mnli"}, {"effect": "gain", "contrast": ["qqp", "b"]},
        gains=gains,
    )  # fmt: skip
    assert found.loc["h0", "estimate"] == pytest.approx(0) and "gain of mnli, a − b" in found.loc["h0", "statement"]
    assert found.loc["h1", "estimate"] == pytest.approx(10) and "at a" in found.loc["h1", "statement"]
    assert found.loc["h2", "status"] == "missing"


def test_few_orders_cannot_pass_however_strong_the_relation():
    families = {f"l{i}": f"f{i // 2}" for i in range(24)}
    six = hypotheses.profiles(points({"a": np.arange(6.0)}, np.arange(6) / 6), ["mnli"], ["a"])
    assert hypotheses.correlation(six, {"a": 1.0}, families).orders == 8
    table = gains_table({("a", "mnli", "udpos"): [1.0, 2.0]})
    asked = [Hypothesis(name="h", effect="similarity", contrast=["mnli"])]
    found = hypotheses.evaluate(asked, table, points({"a": np.arange(6.0)}, np.arange(6) / 6), families).iloc[0]
    assert found["p"] == pytest.approx(1 / 8) and np.isnan(found["detectable"])
