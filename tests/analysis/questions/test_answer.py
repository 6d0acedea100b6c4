"""The sentences say what the numbers say, with their doubts; numbers read as a person writes them."""

import numpy as np
import pandas as pd

from tests.synthetic import LANGUAGES, grid, results
from xtl.analysis import wording
from xtl.analysis.questions import answer
from xtl.analysis.questions.evidence import Evidence
from xtl.analysis.scores import gains, tables
from xtl.tasks.sources import HubSource


def sentences(of_gain=None, **changes):
    cells, scores, _, languages = grid(**dict(languages=["en", "de", "hi"], targets=("udpos", "xquad")) | changes)
    pooled = gains.pooled_gains(gains.gains(tables.task_scores(tables.main_scores(cells, scores, languages))))
    return answer.sentences(pooled, gains.intervals(pooled, "gain"), gains.encoder_differences(pooled), of_gain)


def evidence_of(value, rows, power=0.9):
    """Evidence that has cells only: (intermediate, encoder, r, p) within families; and the power of the design."""
    columns = ["intermediate", "encoder", "within_r", "within_p"]
    cells = pd.DataFrame(rows, columns=columns).assign(source="en", provenance="native", r=0.1)
    empty = pd.DataFrame()
    return Evidence(value, cells, empty, empty, empty, pd.DataFrame({"power": [power]}), empty, empty)


def test_a_clear_gain_is_a_help_and_an_equal_one_leaves_the_encoder_open():
    first, second = sentences(gain=5.0)
    assert "Averaged over 2 targets, training on mnli first changed the score by +" in first
    assert first.endswith("it helped bert, roberta and xlnet.")
    assert second.startswith("Whether the gain depends on the encoder is not shown: the largest difference, ")
    assert "this grid could not have seen a difference below" in second


def test_no_gain_is_neither_help_nor_harm():
    assert "neither help nor harm is shown" in sentences(gain=0.0, noise=2.0)[0]
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


def test_many_intermediates_are_counted_instead_of_told_one_by_one():
    first, second = sentences(intermediates=MANY, gain=5.0, encoders=("bert", "xlnet"))
    assert first.startswith("Mean gain over 2 targets of 4 intermediates: bert: largest +")
    # xquad trains on SQuAD: that cell is left out of the mean, the intermediate is not
    assert first.count("above zero in 4 of 4, below in 0") == 2 and "too large by selection" in first
    assert second.startswith("The gain differs between two encoders in 0 of 4 intermediates")
    (only,) = sentences(intermediates=MANY, seeds=(0,))
    assert only.endswith("(one seed: no interval, so this may be chance).") and "above zero" not in only


def test_relations_with_similarity_are_named():
    rows = [("mnli", "bert", 0.8, 0.01), ("mnli", "roberta", -0.7, 0.02), ("mnli", "xlnet", 0.1, 0.6)]
    *_, last = sentences(evidence_of("gain", rows))
    assert last == (
        "Within families, the gain rises with similarity for mnli at bert and falls with similarity for mnli at "
        "roberta (p < 0.05, not corrected)."
    )
    many = [(name, "bert", 0.8, 0.01) for name in MANY] + [("csqa", "bert", 0.1, 0.5)]
    assert "rises with similarity for 5 of 6 pairs" in sentences(evidence_of("gain", many))[-1]
    untested = evidence_of("gain", [(name, "bert", np.nan, np.nan) for name in MANY])
    assert sentences(untested) == sentences()


def test_a_null_result_says_what_the_grid_could_have_seen():
    rows = [("mnli", "bert", 0.2, 0.4)]
    could = sentences(evidence_of("gain", rows, power=0.8))[-1]
    assert could.endswith("is not shown, and a true correlation of 0.6 is found in 80 % of such grids at most.")
    blind = sentences(evidence_of("gain", rows, power=0.06))[-1]
    assert "this grid could not have seen: a true correlation of 0.6 is found in 6 % of such grids" in blind


def test_the_first_screen_has_three_sentences_a_figure_and_a_line_of_trust():
    shown = answer.answer(results()).blocks[0]
    assert len(shown.text) == 3 and len(shown.pictures) == 1
    (line,) = shown.items
    assert line.startswith("How far to trust this: 3 seeds, 12 languages besides the source; exploratory.")
    assert line.endswith("Results of the laboratory are about the laboratory.")


def test_caveats():
    lab = answer.caveats(results())
    assert "Results of the laboratory are about the laboratory" in lab[0]
    assert "3 seeds are exploratory" in lab[1]
    drop = [("bert", "mnli", "udpos", 0)]
    hub = answer.caveats(results(HubSource(), languages=["en", "de", "es", "ru", "hi"], seeds=(0,), drop=drop))
    assert "one seed: no interval" in hub[0]
    assert "With 4 languages" in hub[1]
    assert "5 scores are missing (target runs not done: 1)" in hub[2]
    whole = answer.caveats(results(HubSource(), languages=LANGUAGES, seeds=range(5)))
    assert len(whole) == 1 and whole[0].startswith("Intervals in brackets are 95 %")


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
