"""The folded questions over every arm: they say what the tables hold, and no more, on whole and partial grids."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from tests.analysis.every_arm import HYPOTHESES, SEVEN, every_arm
from tests.synthetic import results, run_record
from xtl.analysis import wording
from xtl.analysis.questions import QUESTIONS, agreement, checkpoints, gaps, hypotheses, sources
from xtl.analysis.questions.gains import headline_table
from xtl.grid.schema import Hypothesis


@pytest.fixture(scope="module")
def whole():
    return every_arm()


def text_of(*sections) -> str:
    """Every text of sections, with their tables and notes."""
    texts = []
    for section in sections:
        texts += section.words
        for block in section.blocks:
            texts += [block.heading, *block.notes]
        for table in section.tables:
            texts += [table.caption, *table.columns, *table.notes]
            texts += [f"{cell.text} {cell.sub}" for row in table.rows for cell in row]
    return " ".join(texts)


def test_hypotheses_are_in_words_and_numbers(whole):
    text = text_of(hypotheses.hypotheses(replace(whole, dated="Fixed on a Monday.")))
    assert "Fixed on a Monday." in text and "is not recorded." in text_of(hypotheses.hypotheses(whole))
    assert "helps: supported; gain of mnli, mean of 2 encoders, over 2 targets: above 0, estimated at +2" in text
    assert "more than steps: not shown" in text
    assert "escape this design more than one time in five" in text
    assert "follows <b>" in text
    assert hypotheses.hypotheses(replace(whole, hypotheses=())).blocks == []


def test_claims_are_judged(whole):
    shown = QUESTIONS["claims"](whole)
    assert [row[1].text for row in shown.tables[0].rows] == ["does not hold", "not testable"]
    assert "mean over udpos and tatoeba in points: bert +" in text_of(shown)


def test_gaps_by_family_and_script(whole):
    shown = gaps.gaps(whole)
    assert "With mnli the mean gap over all languages is narrower in" in text_of(shown)
    assert [block.heading for block in shown.blocks] == ["", "By family", "By script"]
    assert len(shown.figures) == 6  # three sources, families and scripts
    assert "Talic" in shown.figures[0].alt
    rows = shown.blocks[1].tables[0].rows
    assert [cell.text for cell in rows[0][:5]] == ["udpos", "en", "native", "none", "Talic"]
    assert rows[0][4].sub == "3 languages"


def test_agreement_reads_examples_and_is_silent_without_them(whole, tmp_path):
    assert agreement.agreement(whole).blocks == []
    records = dict(whole.records)
    for run_id in whole.cells.loc[whole.cells["target"] == "udpos", "run_id"]:
        folder = tmp_path / run_id
        folder.mkdir()
        rows = [("udpos", code, str(i), 100.0 * (i % 2)) for code in SEVEN for i in range(6)]
        examples = pd.DataFrame(rows, columns=["target", "language", "example_id", "score"])
        examples.to_parquet(folder / "examples.parquet")
        records[run_id] = replace(records[run_id], folder=folder)
    shown = agreement.agreement(replace(whole, records=records))
    assert "Without intermediate training errors agree beyond chance in 12 of 12 cells" in text_of(shown)
    rows = shown.tables[0].rows
    assert [cell.text for cell in rows[0][4:]] == ["1.00", "1.00 to 1.00", "2", "1.00", "50.0", "6"]


def test_the_choice_of_checkpoints_marks_the_oracle(whole):
    shown = checkpoints.checkpoints(whole)
    table = shown.tables[0]
    assert table.columns[-3:] == ["the last checkpoint", "best on English development data", "oracle, not zero-shot"]
    assert [row[-1].text for row in table.rows] == ["+2.0 (+2.0 to +2.0)"] * 2
    assert "Oracle, not zero-shot: +2.0 points on average over 10 cells" in text_of(shown)
    assert checkpoints.checkpoints(results(encoders=("bert",), seeds=(0,))).blocks == []


def test_sources_are_ranked_by_kind(whole):
    shown = sources.sources(whole)
    text = text_of(shown)
    assert "sources of native data, English comes first on the common languages in 0 of 2 cells" in text
    assert "machine-translated data, English comes first on the common languages in 2 of 2 cells" in text
    assert "training sizes differ (en 1,000, qaa 600 and qab machine 600 examples)" in text
    assert len(shown.figures) == 2
    assert "3 sources" in shown.figures[0].alt
    assert "transfers better than English in 2 of 4 comparisons (qaa)" in text


def test_one_source_needs_no_section():
    assert sources.sources(results(encoders=("bert",), seeds=(0,))).blocks == []


PARTIAL = {
    "one-seed": dict(seeds=(0,)),
    "one-language": dict(encoders=("bert",), languages=["en", "qaa"]),
    "english-alone": dict(encoders=("bert",), seeds=(0,), languages=["en"], targets=("udpos",)),
    "no-arm": dict(intermediates=("none",)),
    "no-baseline": dict(intermediates=("mnli",)),
    "failures": dict(drop=[("bert", "none", "udpos", 0), ("xlnet", "mnli", "udpos", 1)]),
    "nothing-done": dict(
        encoders=("bert",),
        targets=("udpos",),
        drop=[("bert", name, "udpos", seed) for name in ("none", "mnli") for seed in (0, 1)],
    ),
    "retrieval-alone": dict(targets=("tatoeba",)),
}


@pytest.mark.parametrize("options", PARTIAL.values(), ids=PARTIAL)
def test_partial_grids_answer_every_question(options):
    partial = every_arm(**{"intermediates": ("none", "mnli"), "languages": SEVEN[:6], **options})
    shown = [question(partial) for question in QUESTIONS.values()]
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b|<NA>", text_of(*shown))
    for section in shown:
        assert all(re.search(r"\w{4}", picture.alt) for picture in section.figures)


def test_an_empty_grid_has_no_answer_and_says_what_is_missing():
    some = every_arm(seeds=(0,))
    nothing = replace(some, cells=some.cells.iloc[:0], rows=some.rows.iloc[:0], records={}, wanted={})
    assert "no cell of" in text_of(hypotheses.hypotheses(nothing))
    assert "There is no answer yet" in text_of(QUESTIONS["answer"](nothing))


def test_what_a_grid_never_crossed_is_no_missing_cell():
    """XLNet after MNLI is no cell of this grid; bert's run after it has failed."""
    some = every_arm(intermediates=("none", "mnli"), seeds=(0,), drop=[("bert", "mnli", "udpos", 0)])
    cells = some.cells.query(
        "source == 'en' and target == 'udpos' and not (encoder == 'xlnet' and intermediate == 'mnli')"
    )
    kept = replace(some, cells=cells)
    shown = headline_table(kept.tasks, kept.task_gains, kept.encoders)
    texts = {tuple(c.text for c in row[:2]): [c.text for c in row[2:]] for row in shown.rows}
    assert texts["udpos", "mnli"] == ["missing", wording.DASH] == texts["mean gain", "mnli"]
    assert "missing" not in texts["udpos", "none"]
    assert wording.DASH not in texts["udpos", "none"]
    assert f"{wording.DASH} is no cell of this grid." in shown.notes


def test_a_hypothesis_about_two_encoders_says_what_they_differ_in(whole):
    def pretrained(encoder, architecture, **recipe):
        params = {"architecture": architecture, "recipe": recipe, "learning_rate": 1e-3}
        return run_record(phase="pretrain", encoder=encoder, params=params)

    records = {
        "1": pretrained("bert", "bert", objective="masked", nsp=True),
        "2": pretrained("xlnet", "xlnet", objective="permutation", nsp=True),
    }
    pair = Hypothesis.model_validate(
        {"name": "matters", "effect": "encoder_difference", "contrast": "bert - xlnet", "direction": "two-sided"}
    )
    compared = replace(whole, records=records, hypotheses=[pair, pair.model_copy(update={"name": "again"})])
    differ = "bert and xlnet: a contrast of architecture and objective. They differ in objective."
    assert hypotheses.hypotheses(compared).blocks[0].items == [differ]
    (confounded,) = hypotheses.differing(replace(compared, records={"1": records["1"]}))
    assert confounded.endswith("as one of them or both came as finished checkpoints: a confounded contrast.")
    assert hypotheses.differing(replace(compared, hypotheses=HYPOTHESES)) == []
