"""The sentences say what the numbers say, with their doubts; numbers read as a person writes them."""

import numpy as np
import pandas as pd

from tests.synthetic import grid
from xtl.analysis import wording
from xtl.analysis.questions import answer
from xtl.analysis.questions.evidence import Evidence
from xtl.analysis.scores import gains, tables


def sentences(both=(), **changes):
    cells, scores, _, languages = grid(**dict(languages=["en", "de", "hi"], targets=("udpos", "xquad")) | changes)
    pooled = gains.pooled_gains(gains.gains(tables.task_scores(tables.main_scores(cells, scores, languages))))
    return answer.answer(pooled, gains.intervals(pooled, "gain"), gains.encoder_differences(pooled), both)


def evidence_of(value, rows):
    """Evidence that has cells only: (intermediate, encoder, r, p) within families."""
    columns = ["intermediate", "encoder", "within_r", "within_p"]
    cells = pd.DataFrame(rows, columns=columns).assign(source="en", provenance="native", r=0.1)
    empty = pd.DataFrame({"at_best": [], "power": [], "reliability": []})
    return Evidence(value, cells, empty, empty, empty, empty, empty, empty)


def test_a_clear_gain_is_a_help_and_an_equal_one_leaves_the_encoder_open():
    first, second = sentences(gain=5.0)
    assert "Averaged over 2 targets, training on mnli first changed the score by +" in first
    assert first.endswith("it helped bert, roberta and xlnet.")
    assert second.startswith("Whether the gain of mnli depends on the encoder stays open")
    assert "would escape this grid more than one time in five" in second


def test_no_gain_is_neither_help_nor_harm():
    assert "the interval holds zero, so neither help nor harm is shown" in sentences(gain=0.0, noise=2.0)[0]
    assert "it harmed bert" in sentences(gain=-5.0)[0]


def test_one_seed_gives_no_interval_and_no_comparison():
    (only,) = sentences(seeds=(0,))
    assert only.endswith("with one seed there is no interval, so this may be chance.") and "(" not in only


def test_a_missing_target_is_said():
    drop = [("xlnet", "mnli", "udpos", seed) for seed in (0, 1, 2)]
    assert "for xlnet the mean is missing" in sentences(drop=drop)[0]
    nothing = sentences(drop=[(e, "mnli", "udpos", s) for e in ("bert", "roberta", "xlnet") for s in (0, 1, 2)])
    assert nothing == ["The gain of mnli over none is missing: not every target has finished."]
    assert sentences(intermediates=("none",))[0].startswith("There is no answer yet: no intermediate task")


def test_same_data_is_left_out_and_said_so():
    assert "On one target (cells that train on the same data twice left out)" in sentences(targets=("xnli", "udpos"))[0]


MANY = ("none", "mnli", "qqp", "squad1", "ccg")


def test_many_arms_are_counted_instead_of_told_one_by_one():
    first, second = sentences(intermediates=MANY, gain=5.0, encoders=("bert", "xlnet"))
    assert first.startswith("Mean gain over 2 targets, 4 arms before the target task. bert: largest +")
    # xquad trains on SQuAD: that cell is left out of the mean, the arm is not
    assert first.count("above zero in 4 of 4, below in 0") == 2 and "too large by selection" in first
    assert second.startswith("The gain differs between two encoders in 0 of 4 arms")
    (only,) = sentences(intermediates=MANY, seeds=(0,))
    assert only.endswith("(one seed: no interval, so this may be chance).") and "above zero" not in only


def test_correlations_of_many_arms_are_counted():
    rows = [
        (name, "bert", r, p)
        for name, r, p in zip(MANY, (0.8, -0.7, 0.9, 0.5, 0.1), (0.01, 0.2, 0.001, 0.6, np.nan), strict=True)
    ]
    *_, last = sentences([evidence_of("gain", rows)])
    assert "the gain rises with similarity to the source language in 2 of 4 pairs of encoder and arm" in last
    assert "and falls in 0 (p < 0.05, not corrected; chance alone gives about 0.2 in all)." in last
    nothing = evidence_of("gain", [(name, "bert", np.nan, np.nan) for name in MANY])
    assert sentences([nothing]) == sentences()


def test_caveats():
    lab = answer.caveats(True, 3, 12, 0, 0, None)
    assert "Results of the laboratory are about the laboratory" in lab[0] and "3 seeds are exploratory" in lab[1]
    hub = answer.caveats(False, 1, 4, 2, 7, 500)
    assert "one seed: no interval" in hub[0] and "With 4 languages" in hub[1]
    assert "7 scores are missing (target runs not done: 2)" in hub[2] and "at most 500 examples" in hub[3]
    assert answer.caveats(False, 5, 20, 0, 0, None) == []


def test_numbers_as_text():
    assert [wording.points(x) for x in (2.04, -0.25, -0.04, np.nan)] == ["+2.0", "−0.2", "0.0", "–"]
    assert wording.points(57.26, signed=False) == "57.3"
    assert wording.gain({"mean": 2.0, "low": -0.5, "high": 4.5}) == "+2.0 (−0.5 to +4.5)"
    assert wording.gain({"mean": 2.0, "low": np.nan, "high": np.nan}) == "+2.0"
    assert [wording.p_value(p) for p in (0.0004, 0.0123, np.nan)] == ["< 0.001", "0.012", "–"]
    assert [wording.amount(x) for x in (1234567, 3.2e12, 3.214, 12)] == ["1,234,567", "3.20e+12", "3.21", "12"]
    assert [wording.duration(s) for s in (12.4, 185, 7620, None)] == ["12 s", "3 min 05 s", "2 h 07 min", "–"]
    assert [wording.listing(words) for words in (["a"], ["a", "b", "c"], [])] == ["a", "a, b and c", ""]
    assert wording.decimals(-0.5) == "−0.50"
