"""The sentences say what the numbers say, with their doubts; numbers read as a person writes them."""

import numpy as np

from tests.synthetic import LANGUAGES, MADE, results
from xtl.analysis import wording
from xtl.analysis.questions import answer
from xtl.analysis.questions.findings import Finding, Question, Status
from xtl.grid.schema import Hypothesis
from xtl.tasks.sources import HubSource


def said(**changes):
    """The sentences of a synthetic grid."""
    options = dict(languages=MADE[:9], targets=("udpos", "xquad")) | changes
    made = results(**options)
    return answer.answer(made).blocks[0].text


def finding(question, estimate, status, encoder="bert", intermediate="mnli", **more):
    """A finding with a p, as findings.findings returns it."""
    numbers = {"p": 0.01, "corrected": 0.02, "error": 0.5, "df": 4.0, "detectable": 2.5, "bound": 3.0} | more
    interval = (estimate - 1, estimate + 1)
    return Finding(question, intermediate, encoder, estimate, *interval, status=status, **numbers)


def test_a_clear_gain_is_a_claim_and_an_equal_one_leaves_the_encoder_open():
    first, second, third = said(gain=8.0, noise=0.3)
    assert first.startswith("Training on mnli first helped bert (+") and "roberta (+" in first and "xlnet (+" in first
    assert second.startswith("That the gain depends on the encoder is not shown, and this grid could not have seen")
    assert "each encoder is one instance of its architecture and recipe" in second
    assert third.startswith("That the gain follows the similarity of languages is not shown")


def test_no_gain_is_neither_help_nor_harm():
    text = said(gain=0.0, noise=2.0)[0]
    assert text.startswith("That training on mnli first helps or harms is not shown, and this grid could not have seen")
    assert " points (power 80 %): the largest mean change is " in text
    assert "harmed bert" in said(gain=-8.0, noise=0.3)[0]


def test_one_seed_claims_nothing():
    (only,) = said(seeds=(0,))
    assert only.startswith("Nothing says whether intermediate training helps, as that takes two seeds that differ")


def test_a_missing_target_is_said():
    drop = [("xlnet", "mnli", "udpos", seed) for seed in (0, 1, 2)]
    assert "for xlnet the mean is missing" in said(drop=drop)[0]
    nothing = said(drop=[(e, "mnli", "udpos", s) for e in ("bert", "roberta", "xlnet") for s in (0, 1, 2)])
    assert nothing[0] == "No gain over the baseline is known yet: not every target has finished."
    assert said(intermediates=("none",))[0].startswith("There is no answer yet: no intermediate task")


def test_claims_come_first_then_what_is_bounded_then_what_could_not_be_seen():
    gain = finding(Question.GAIN, 0.3, Status.NOT_SHOWN, detectable=2.5)
    encoders = finding(Question.ENCODERS, 0.4, Status.SMALLER, encoder="")
    rises = finding(Question.SIMILARITY, 5.0, Status.SHOWN)
    first, second, third = answer.sentences([gain, encoders, rises], 0.9, margin=1.0, instances="one each")
    assert first == "Within families, the gain rises with similarity for mnli at bert."
    assert second == (
        "The gain does not depend on the encoder by as much as 1 points: the largest difference is 0.4 points; "
        "one each."
    )
    assert third == (
        "That training on mnli first helps or harms is not shown, and this grid could not have seen a mean change "
        "below 2.5 points (power 80 %): the largest mean change is +0.3 points (−0.7 to +1.3) for bert."
    )


def test_a_difference_between_encoders_names_both_ends():
    gains = [finding(Question.GAIN, value, Status.NOT_SHOWN, name) for name, value in (("a", 3.0), ("b", -1.0))]
    between = finding(Question.ENCODERS, 4.0, Status.SHOWN, encoder="")
    first = answer.sentences([*gains, between], instances="each is one instance")[0]
    assert first == (
        "The gain depends on the encoder: that of mnli is +3.0 for a and −1.0 for b (Welch's F, p at the report's "
        "level = 0.020); each is one instance."
    )


def test_many_pairs_are_counted():
    many = [finding(Question.GAIN, 2.0 + i, Status.SHOWN, "bert", f"task{i}") for i in range(6)]
    text = answer.sentences(many)[0]
    assert text.startswith("Intermediate training helped in 6 of 6 pairs of encoder and intermediate, the most by +7.0")
    slopes = [finding(Question.SIMILARITY, 2.0, Status.SHOWN, "bert", f"task{i}") for i in range(5)]
    assert answer.sentences(slopes + many)[-1] == "Within families, the gain rises with similarity for 5 of 5 pairs."


def test_a_null_relation_says_what_the_grid_could_have_seen():
    rows = [finding(Question.SIMILARITY, 2.0, Status.NOT_SHOWN)]
    assert answer.sentences(rows, 0.85)[-1].endswith("; a true correlation of 0.6 is claimed in 85 % of such grids.")
    blind = answer.sentences(rows, 0.06)[-1]
    assert "this grid could hardly have seen it: a true correlation of 0.6 is claimed in 6 % of such grids" in blind


def test_the_first_screen_has_three_sentences_a_figure_and_a_line_of_trust():
    shown = answer.answer(results()).blocks[0]
    assert len(shown.text) == 3 and len(shown.pictures) == 1
    (line,) = shown.items
    assert line.startswith("How far to trust this: 3 seeds, 12 languages besides the source; exploratory.")
    assert line.endswith("Results of the laboratory are about the laboratory.")


def test_hypotheses_have_a_line():
    asked = [Hypothesis(name="MNLI helps", effect="gain"), Hypothesis(name="it harms", effect="gain", direction="less")]
    made = results(gain=8.0, noise=0.3, attributes={"hypotheses": asked})
    lines = answer.answer(made).blocks[0].items
    assert lines[1] == "Hypotheses of the grid file: supported: MNLI helps; contradicted: it harms."


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
