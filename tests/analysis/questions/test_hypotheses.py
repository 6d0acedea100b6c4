"""Hypotheses of a grid file: estimates by hand, the level of the report, what lacks, and what is contrary."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.rows import gains_table
from xtl.analysis.questions import findings
from xtl.analysis.scores import declared
from xtl.analysis.scores.declared import Gains
from xtl.analysis.statistics import intervals as statistics
from xtl.grid.blocks import Intermediate
from xtl.grid.schema import Hypothesis

THREE = {("a", "mnli", "udpos"): [1.0, 2.0, 3.0], ("b", "mnli", "udpos"): [2.0, 4.0, 6.0]}
FAMILIES = {f"l{i}": f"f{i // 4}" for i in range(12)}
SIMILARITY = pd.Series({f"l{i}": (i % 4) / 4 + (i // 4) / 100 for i in range(12)})


def by_language(slopes: dict, targets=("udpos",), noise=0.2) -> pd.DataFrame:
    """Gains by language as gains.gains returns them, of {encoder: [the slope of every seed]}."""
    rng = np.random.default_rng(0)
    rows = []
    for encoder, of_seeds in slopes.items():
        for target in targets:
            for seed, slope in enumerate(of_seeds):
                gain = slope * SIMILARITY + noise * rng.normal(size=12)
                rows.append(pd.DataFrame({
                    "encoder": encoder, "architecture": "", "intermediate": "mnli", "target": target, "source": "en",
                    "provenance": "native", "seed": seed, "same_data": False, "language": list(FAMILIES),
                    "gain": gain.to_numpy(),
                }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


NO_POINTS = by_language({"a": [1.0]}).iloc[:0]


def answers(*asked, gains=THREE, same_data=(), languages=NO_POINTS, intermediates=None, margin=None) -> pd.DataFrame:
    """A row a hypothesis: what was tested and the verdict."""
    given = [Hypothesis.model_validate({"name": f"h{i}", **one}) for i, one in enumerate(asked)]
    tables = Gains(gains_table(gains, same_data), languages, languages, SIMILARITY, FAMILIES)
    blocks = {name: Intermediate.model_validate(block) for name, block in (intermediates or {}).items()}
    verdicts = findings.judged(declared.tests(given, tables, blocks), margin)
    rows = []
    for one in verdicts:
        verdict = {"corrected": one.corrected, "status": one.status, "detectable": one.detectable}
        rows.append(vars(one.tested) | verdict | {"name": one.tested.hypothesis.name})
    return pd.DataFrame(rows).set_index("name")


def test_gain_of_one_encoder_by_hand():
    found = answers({"effect": "gain", "contrast": ["mnli", "a"]}).loc["h0"]
    error = np.sqrt(2.5 / 3)
    assert found["estimate"] == 2 and found["df"] == 4 and found["seeds"] == 3 and found["unit"] == "points"
    assert found["p"] == pytest.approx(0.0936, abs=5e-4)
    assert found["corrected"] == pytest.approx(2 * found["p"])  # hypotheses have half of the report's 5 %
    assert found["status"] == "not shown" and found["low"] == pytest.approx(2 - 2.776445 * error, rel=1e-6)
    assert found["detectable"] == pytest.approx(statistics.minimum_detectable(error, 4, 0.975))


def test_every_hypothesis_of_the_file_counts():
    one = {"effect": "gain", "contrast": ["mnli", "a"]}
    found = answers(one, {"effect": "gain", "contrast": ["qqp"]})
    assert found.loc["h1", "status"] == "missing" and np.isnan(found.loc["h1", "p"])
    assert found.loc["h0", "corrected"] == pytest.approx(min(4 * found.loc["h0", "p"], 1))


def test_tests_are_two_sided_and_the_contrary_is_a_verdict():
    clear = {("a", "mnli", "udpos"): [3.0, 3.01, 2.99]}
    found = answers(
        {"effect": "gain"}, {"effect": "gain", "direction": "less"}, {"effect": "gain", "direction": "two-sided"},
        gains=clear,
    )  # fmt: skip
    assert found["status"].tolist() == ["supported", "contradicted", "supported"]
    assert found["p"].nunique() == 1
    statement = answers({"effect": "encoder_difference", "contrast": "a - b"}).loc["h0", "statement"]
    assert statement == "gain of mnli, a − b, over udpos: above 0"


def test_a_null_within_the_margin_is_smaller_than_it():
    close = {("a", "mnli", "udpos"): [0.01, -0.02, 0.02]}
    assert answers({"effect": "gain"}, gains=close, margin=1.0).loc["h0", "status"] == "smaller than the margin"
    assert answers({"effect": "gain"}, gains=close).loc["h0", "status"] == "not shown"
    wide = {("a", "mnli", "udpos"): [0.5, -0.9, 0.8]}
    assert answers({"effect": "gain"}, gains=wide, margin=1.0).loc["h0", "status"] == "not shown"


def test_intermediates_and_the_control():
    gains = {("a", "mnli", "udpos"): [3.0, 3.2, 3.4], ("a", "none+steps", "udpos"): [1.0, 1.21, 1.39]}
    arms = {"mnli": {"tasks": ["mnli"]}, "none+steps": {"tasks": [], "steps_of": "mnli"}}
    found = answers(
        {"effect": "intermediate_difference", "contrast": ["mnli", "none+steps"]}, {"effect": "gain"},
        gains=gains, intermediates=arms,
    )  # fmt: skip
    assert found.loc["h0", "estimate"] == pytest.approx(2) and found.loc["h0", "status"] == "supported"
    assert found.loc["h1", "estimate"] == pytest.approx(3.2)  # the control is no intermediate task


@pytest.mark.parametrize(
    "gains, same_data, status, note",
    [
        ({("a", "mnli", "udpos"): [np.nan, np.nan]}, (), "missing", "2 of 2 gains lack .* a mnli udpos seed 0"),
        ({("a", "mnli", "udpos"): [1.0]}, (), "no test", "another seed"),
        ({("a", "mnli", "udpos"): [1.0, 1.0]}, (), "no test", "another seed"),
        ({("a", "mnli", "udpos"): [1.0, 2.0]}, [("mnli", "udpos")], "no test", "same data"),
        ({}, (), "missing", "no cell of mnli"),
    ],
)
def test_what_cannot_be_tested_says_why(gains, same_data, status, note):
    found = answers({"effect": "gain", "contrast": "mnli"}, gains=gains, same_data=same_data).loc["h0"]
    assert found["status"] == status and np.isnan(found["p"])
    assert pd.Series([found["lacking"] or found["note"]]).str.contains(note).all()


def test_a_run_that_failed_costs_its_seed_alone():
    gains = {("a", "mnli", "udpos"): [1.0, 2.0, 3.0, np.nan], ("a", "mnli", "xquad"): [3.0, 4.0, np.nan, 5.0]}
    found = answers({"effect": "gain"}, {"effect": "gain", "targets": ["udpos"]}, gains=gains)
    assert found.loc["h0", "estimate"] == pytest.approx(2.5) and found.loc["h0", "seeds"] == 2
    assert "2 of 8 gains lack a run or a language" in found.loc["h0", "note"]
    assert "2 of 4 seeds of encoders stay out" in found.loc["h0", "note"]
    assert found.loc["h1", "estimate"] == 2 and found.loc["h1", "seeds"] == 3


def test_a_target_of_the_same_data_is_not_counted():
    gains = {("a", "panx", target): np.array([1.0, 2.0, 3.0]) for target in ("udpos", "xnli", "panx")}
    same = [("panx", "panx")]
    found = answers({"effect": "gain", "contrast": "panx"}, gains=gains, same_data=same).loc["h0"]
    assert found.statement == "gain of panx, at a, over 2 targets: above 0" and found.estimate == pytest.approx(2.0)


def test_no_hypothesis_has_no_verdict():
    assert findings.judged([]) == []


def test_a_relation_of_every_seed_is_supported():
    gains = {("a", "mnli", "udpos"): [1.0, 2.0, 3.0], ("b", "mnli", "udpos"): [1.0, 2.0, 2.5]}
    rows = by_language({"a": [8.0, 8.1, 7.9], "b": [8.0, 8.2, 7.8]})
    found = answers(
        {"effect": "similarity", "contrast": "mnli"},
        {"effect": "similarity_difference", "contrast": "a - b", "direction": "two-sided"},
        gains=gains, languages=rows,
    )  # fmt: skip
    assert found.loc["h0", "status"] == "supported" and found.loc["h0", "unit"] == "r"
    assert found.loc["h0", "estimate"] > 0.8 and found.loc["h0", "n"] == 12
    assert found.loc["h1", "status"] == "not shown" and found.loc["h1", "unit"] == "points per unit of similarity"
    assert found.loc["h1", "estimate"] == pytest.approx(0, abs=0.7)


def test_a_relation_over_targets_of_other_languages_can_be_tested():
    """No language has both targets: each language's mean is of the additive fit, or there is nothing to compare."""
    both = by_language({"a": [8.0, 8.1, 7.9]}, ("udpos", "xquad"))
    shared = both[(both["target"] == "udpos") | both["language"].isin([f"l{i}" for i in range(6)])]
    gains = {("a", "mnli", target): [1.0, 2.0, 3.0] for target in ("udpos", "xquad")}
    found = answers({"effect": "similarity"}, gains=gains, languages=shared).loc["h0"]
    assert found["n"] == 12 and found["status"] == "supported"


def test_few_languages_have_no_test():
    rows = by_language({"a": [8.0, 8.1, 7.9]})
    few = rows[rows["language"].isin(["l0", "l1", "l2", "l3"])]
    found = answers({"effect": "similarity"}, gains={("a", "mnli", "udpos"): [1.0, 2, 3]}, languages=few).loc["h0"]
    assert found["status"] == "no test" and "4 languages with every gain" in found["note"]


def test_a_control_is_compared_over_the_targets_that_it_has():
    """MNLI gains 12 on retrieval, where the control has no cell; on tagging both gain alike."""
    gains = {("a", "mnli", "udpos"): [2.0, 2.2, 1.8], ("a", "none+mnli", "udpos"): [2.1, 2.0, 1.9],
             ("a", "mnli", "tatoeba"): [12.0, 12.1, 11.9]}  # fmt: skip
    arms = {"mnli": {"tasks": ["mnli"]}, "none+mnli": {"tasks": [], "steps_of": "mnli"}}
    asked = {"effect": "intermediate_difference", "contrast": ["mnli", "none+mnli"]}
    found = answers(asked, {**asked, "targets": ["udpos", "tatoeba"]}, gains=gains, intermediates=arms)
    assert found.loc["h0", "estimate"] == pytest.approx(0) and found.loc["h0", "status"] == "not shown"
    assert found.loc["h0", "targets"] == ("udpos",) and found.loc["h0", "statement"].endswith("over udpos: above 0")
    assert found.loc["h1", "status"] == "missing" and "no cell of a none+mnli tatoeba" in found.loc["h1", "lacking"]


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
