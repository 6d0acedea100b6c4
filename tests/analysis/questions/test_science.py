"""The sections on claims, hypotheses, gaps, agreement, selection and sources say what the tables hold, and no more."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from tests.report.arms import HYPOTHESES, INTERMEDIATES, LAB, MADE, tables
from tests.report.pages import plain
from tests.synthetic import grid, run_record
from xtl.analysis import wording
from xtl.analysis.questions import claims_section, hypotheses_section, sections
from xtl.analysis.questions import sources_section as source_languages
from xtl.analysis.questions import transfer_section as transfer


@pytest.fixture(scope="module")
def whole():
    return tables()


def every(t: dict) -> list[dict]:
    """All six sections of tables as `tests.report.arms.tables` makes them."""
    found = t["found"]
    return [
        claims_section.claims(found, t["records"], INTERMEDIATES),
        hypotheses_section.hypotheses(found, HYPOTHESES, INTERMEDIATES),
        transfer.gaps(found),
        transfer.agreement(found, t["cells"], t["records"]),
        transfer.selection(found, t["cells"], t["scores"], t["languages"]),
        source_languages.source_languages(found),
    ]


def text_of(*shown: dict) -> str:
    """The text of sections as a page shows it."""
    return plain("".join(section.html for section in shown))


def pictures(section: dict) -> list[dict]:
    return [picture for block in section.blocks for picture in block.pictures]


def test_claims_are_all_shown_with_verdict_and_evidence(whole):
    shown = claims_section.claims(whole["found"], whole["records"], INTERMEDIATES)
    rows = shown.blocks[0].tables[0].rows
    assert [row[0].text for row in rows] == [str(i) for i in range(1, 20)]
    text = text_of(shown)
    assert text.count("holds by the catalog") == 6 and "does not hold by the catalog" in text
    assert "its verdicts on results say what happens there" in text and "verified there, confidence 0.24" in text
    assert "mnli − mnli+mlm at bert" in text and "mnli − mnli-qaa at xlnet" in text


def test_verdicts_are_counted_in_words():
    verdicts = ["holds", "holds", "does not hold", "open", "not testable", "not testable"]
    assert claims_section.summary(verdicts).startswith(
        "Of 6 claims 2 hold, 1 does not hold, 1 is open and 2 are not testable"
    )


def test_hypotheses_are_in_words_and_numbers(whole):
    text = text_of(hypotheses_section.hypotheses(whole["found"], HYPOTHESES, INTERMEDIATES))
    assert "helps: supported; gain of mnli, mean of 2 encoders, over 2 targets: above 0, estimated at +2" in text
    assert "more than steps: not shown" in text and "escape this design more than one time in five" in text
    assert "follows &lt;b&gt;" in text
    assert hypotheses_section.hypotheses(whole["found"], []).blocks == []


def test_gaps_by_family_and_script(whole):
    shown = transfer.gaps(whole["found"])
    text = text_of(shown)
    assert "With mnli the mean gap over all languages is narrower in" in text
    assert [block.heading for block in shown.blocks] == ["", "By family", "By script"]
    assert len(pictures(shown)) == 6 and "Talic" in pictures(shown)[0].alt  # three sources, families and scripts
    rows = shown.blocks[1].tables[0].rows
    first = [cell.text for cell in rows[0][:5]]
    assert first == ["udpos", "en", "native", "none", "Talic"] and rows[0][4].sub == "3 languages"


def test_agreement_reads_examples_and_is_silent_without_them(whole, tmp_path):
    found, cells, records = (whole[name] for name in ("found", "cells", "records"))
    assert transfer.agreement(found, cells, records).blocks == []
    here = dict(records)
    for run_id in cells.loc[cells["target"] == "udpos", "run_id"]:
        folder = tmp_path / run_id
        folder.mkdir()
        rows = [("udpos", code, str(i), 100.0 * (i % 2)) for code in MADE for i in range(6)]
        table = pd.DataFrame(rows, columns=["target", "language", "example_id", "score"])
        table.to_parquet(folder / "examples.parquet")
        here[run_id] = replace(records[run_id], folder=folder)
    shown = transfer.agreement(found, cells, here)
    text = text_of(shown)
    assert "Without intermediate training errors agree beyond chance in 36 of 36 cells" in text
    rows = shown.blocks[0].tables[0].rows
    assert [cell.text for cell in rows[0][4:]] == ["1.00", "1.00 to 1.00", "2", "1.00", "50.0", "6"]


def test_selection_marks_the_oracle(whole):
    shown = transfer.selection(whole["found"], whole["cells"], whole["scores"], whole["languages"])
    table = shown.blocks[0].tables[0]
    assert table.columns[-3:] == ["the last checkpoint", "best on English development data", "oracle, not zero-shot"]
    assert [row[-1].text for row in table.rows] == ["+2.0 (+2.0 to +2.0)"] * 2
    assert "Oracle, not zero-shot: +2.0 points on average over 10 cells" in text_of(shown)
    plain = grid(encoders=("bert",), seeds=(0,))
    found = sections.find(LAB, *plain[:2], plain[3])
    assert transfer.selection(found, plain[0], plain[1], plain[3]).blocks == []


def test_sources_are_ranked_by_kind(whole):
    shown = source_languages.source_languages(whole["found"])
    text = text_of(shown)
    assert "sources of native data, English comes first on the common languages in 0 of 2 cells" in text
    assert "machine-translated data, English comes first on the common languages in 2 of 2 cells" in text
    assert "training sizes differ (en 1,000, qaa 600 and qab machine 600 examples)" in text
    assert len(pictures(shown)) == 2 and "3 sources" in pictures(shown)[0].alt
    assert "transfers better than English in 2 of 4 comparisons (qaa)" in text


def test_one_source_needs_no_section():
    cells, scores, _, languages = grid(encoders=("bert",), seeds=(0,))
    found = sections.find(LAB, cells, scores, languages)
    assert source_languages.source_languages(found).blocks == []


@pytest.mark.parametrize(
    "options",
    [
        dict(seeds=(0,)),
        dict(encoders=("bert",), languages=["en", "qaa"]),
        dict(encoders=("bert",), seeds=(0,), languages=["en"], targets=("udpos",)),
        dict(intermediates=("none",)),
        dict(intermediates=("mnli",)),
        dict(drop=[("bert", "none", "udpos", 0), ("xlnet", "mnli", "udpos", 1)]),
        dict(encoders=("bert",), intermediates=("none", "mnli"), targets=("udpos",),
             drop=[("bert", name, "udpos", seed) for name in ("none", "mnli") for seed in (0, 1)]),
        dict(targets=("tatoeba",)),
    ],
    ids="one-seed one-language english-alone no-arm no-baseline failures nothing-done retrieval-alone".split(),
)  # fmt: skip
def test_partial_grids_have_all_their_sections(options, monkeypatch):
    t = tables(**{"intermediates": ("none", "mnli"), "languages": MADE[:6], **options})
    shown = every(t)
    text = text_of(*[section for section in shown if section.blocks])
    assert text.count(" not testable ") >= 5
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b|<NA>", text)
    for section in shown:
        assert all(re.search(r"\w{4}", picture.alt) for picture in pictures(section))


def test_an_empty_grid_has_claims_alone():
    t = tables(seeds=(0,))
    cells = t["cells"].iloc[:0]
    found = sections.find(LAB, cells, t["scores"].iloc[:0], {})
    shown = every({**t, "cells": cells, "found": found, "records": {}})
    assert [section.name for section in shown if section.blocks] == ["claims", "hypotheses"]
    assert "no cell of" in text_of(shown[1])


def test_what_a_grid_never_crossed_is_no_missing_cell():
    """XLNet after MNLI is no cell of this grid; bert's run after it has failed."""
    t = tables(intermediates=("none", "mnli"), seeds=(0,), drop=[("bert", "mnli", "udpos", 0)])
    crossed = ~((t["cells"]["encoder"] == "xlnet") & (t["cells"]["intermediate"] == "mnli"))
    cells = t["cells"][crossed & (t["cells"]["source"] == "en") & (t["cells"]["target"] == "udpos")]
    found = sections.find(LAB, cells, t["scores"], t["languages"])
    shown = sections.headline_table(found.tasks, found.task_gains, found.encoders)
    texts = {tuple(c.text for c in row[:2]): [c.text for c in row[2:]] for row in shown.rows}
    assert texts["udpos", "mnli"] == ["missing", wording.DASH] == texts["mean gain", "mnli"]
    assert "missing" not in texts["udpos", "none"] and wording.DASH not in texts["udpos", "none"]
    assert f"{wording.DASH} is no cell of this grid." in shown.notes


def test_a_hypothesis_about_two_encoders_says_what_they_differ_in(whole):
    def pretrained(encoder, architecture, **recipe):
        params = {"architecture": architecture, "recipe": recipe, "learning_rate": 1e-3}
        return run_record(phase="pretrain", encoder=encoder, params=params)

    records = {
        "1": pretrained("bert", "bert", objective="masked", nsp=True),
        "2": pretrained("xlnet", "xlnet", objective="permutation", nsp=True),
    }
    pair = {"name": "matters", "effect": "encoder_difference", "contrast": "bert - xlnet", "direction": "two-sided"}
    shown = hypotheses_section.hypotheses(whole["found"], [pair, pair | {"name": "again"}], INTERMEDIATES, records)
    assert shown.blocks[0].items == [
        "bert and xlnet: a contrast of architecture and objective. They differ in objective."
    ]
    assert hypotheses_section.differing([pair], records, ["bert", "roberta"]) == []  # xlnet is not in the grid
    (confounded,) = hypotheses_section.differing([pair], {"1": records["1"]}, ["bert", "xlnet"])
    assert confounded.endswith("as one of them or both came as finished checkpoints: a confounded contrast.")
    helps = {"name": "helps", "effect": "gain", "contrast": "mnli"}
    assert hypotheses_section.differing([helps], records, ["bert", "xlnet"]) == []
