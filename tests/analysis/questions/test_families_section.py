"""The sections over all tasks and on encoder families: what they say, what they mark, what they refuse to say."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.analysis.draws import planted
from tests.synthetic import grid
from xtl.analysis.questions import families_section as module
from xtl.analysis.questions import sections
from xtl.analysis.questions.aggregates_section import over_tasks
from xtl.analysis.questions.families_section import families
from xtl.analysis.section import Section
from xtl.analysis.statistics import mixed, mixed_cells
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import HubSource, LabSource

LAB = LabSource(LabConfig(languages=12, sentences=400, train=100, test=20, seed=0))
MADE = ["en", "qaa", "qab", "qac", "qad", "qae", "qaf"]


def found(data=LAB, **options):
    cells, scores, records, languages = grid(**dict(languages=MADE) | options)
    return sections.find(data, cells, scores, languages), records


def words(section) -> str:
    """Every text of a section: paragraphs, captions, cells, notes and alt texts."""
    texts = []
    for block in section.blocks:
        texts += [block.heading, *block.text, *(picture.alt for picture in block.pictures)]
        for table in block.tables:
            texts += [table.caption, *table.notes]
            texts += [f"{cell.text} {cell.sub}" for row in table.rows for cell in row]
    return "\n".join(texts)


def headings(section) -> list[str]:
    return [block.heading for block in section.blocks]


def test_aggregates_have_their_recipe_and_the_coverage_measured():
    text = words(over_tasks(*found(targets=("xnli", "udpos"))))
    assert "simulated with 3 seeds, a nominal 95 % covers 59 to 86 %" in text
    assert "Probability of improvement: how often a run" in text and "† holds cells that trained on the same" in text
    assert "Lacking in at least one seed: pawsx, panx, xquad, mlqa, tydiqa, bucc and tatoeba." in text
    assert "nine-task score" not in over_tasks(*found()).blocks[0].tables[0].columns


def test_the_nine_task_score_where_it_is_complete(monkeypatch):
    monkeypatch.setattr("xtl.analysis.scores.aggregates.NINE", ("udpos", "xquad"))
    options = dict(targets=("udpos", "xquad"), encoders=("bert", "xlnet"), drop=[("xlnet", "mnli", "xquad", 0)])
    section = over_tasks(*found(**options))
    table = section.blocks[0].tables[0]
    assert table.columns[-2:] == ["nine-task score", "its gain"]
    assert table.rows[3][4].sub.endswith("2 of 3 seeds") and table.rows[0][5].text == "–"
    assert "Lacking in at least one seed: xlnet · mnli: xquad." in words(section)
    assert "The mean gain of the headline table is another number" in words(section)


def test_real_languages_that_a_grid_leaves_out_leave_no_nine_task_score():
    text = words(over_tasks(*found(HubSource(), languages=["en", "de", "es"], encoders=("bert",), seeds=(0,))))
    assert "udpos (3 of 33 languages)" in text and "With one seed the aggregates have no interval." in text


def test_the_three_kinds_of_contrast_stand_apart():
    made, records = found(encoders=("bert", "roberta", "xlnet"))
    checkpoint = {key: r for key, r in records.items() if not (r["phase"] == "pretrain" and "xlnet" in r["slug"])}
    section = families(made, records)
    assert headings(section)[:3] == ["Gain by encoder", "Contrast of pretraining recipes", "Contrast of architectures"]
    apart = families(made, checkpoint)
    assert headings(apart)[1:3] == ["Contrast of pretraining recipes", "Confounded contrasts"]
    assert "2 pretrained here" in words(apart) and "the test is about that checkpoint" in words(apart)
    rows = apart.blocks[2].tables[0].rows
    assert [row[0].text for row in rows] == ["bert − xlnet", "roberta − xlnet"]
    assert {row[-1].text for row in rows} == {"everything at once"}
    assert "nsp, masking; matched otherwise" in words(section)


def test_a_null_carries_what_it_could_have_missed():
    text = words(families(*found()))
    assert "No difference among the encoders is shown in the effect of mnli (p = " in text
    assert "would escape such a grid more than one time in five" in text
    assert "the nominal 95 % interval of the noisiest would cover 85 %" in text


def test_a_planted_interaction_is_said():
    cells, scores, records, languages = grid(languages=MADE, noise=0.3)
    better = scores["run_id"].isin(cells.query("encoder == 'xlnet' and intermediate == 'mnli'")["run_id"])
    scores.loc[better, "value"] += 6
    text = words(families(sections.find(LAB, cells, scores, languages), records))
    assert "The effect of mnli differs among the encoders (F(2, 6) = " in text and "No difference" not in text


@pytest.fixture(scope="module")
def fitted():
    main, similarity = planted(np.random.default_rng(3), 6.0)
    return mixed.fit(mixed_cells.cells(main, {"en": similarity}))


def test_the_mixed_model_shows_every_terms_unit_and_what_was_dropped(fitted):
    block = module._mixed(fitted, "")
    text = words(Section("mixed", "", [block]))
    assert "languages more similar to the source gain more: +" in text
    assert set(module.UNITS) >= set(fitted.terms["kind"]) and text.count("slope of similarity above the mean") == 3
    assert "108 cells of 12 languages" in text and "intermediate × format (the cells have one intermediate)" in text


def test_a_flagged_slope_is_not_printed(fitted):
    flagged = replace(fitted, flag="It came out as zero.")
    block = module._mixed(flagged, "")
    rows = {row[0].text: row for row in block.tables[0].rows}
    assert block.text == ["The slope of similarity is not shown: It came out as zero."]
    assert rows["similarity"][1].text == "flagged" and rows["similarity"][2].text == "–"
    assert rows["encoder bert × similarity"][1].text == "flagged" and rows["baseline"][1].text != "flagged"
    stopped = replace(fitted, problem=mixed.NO_CONVERGENCE)
    assert module._mixed(stopped, "").text == [f"{mixed.NO_CONVERGENCE} No coefficient is shown."]


def test_an_open_slope_carries_its_minimum_detectable_size():
    row = pd.Series({"estimate": 1.0, "low": -2.0, "high": 4.0, "df": 10.0})
    error = 3 / 2.228139  # half the interval over t(0.975, 10)
    assert f"a true slope below {error * (2.228139 + 0.879058):.1f} would escape" in module._slope(row)


@pytest.mark.parametrize("options", [
    dict(seeds=(0,)), dict(encoders=("bert",)), dict(intermediates=("none",)), dict(targets=("xnli",)),
    dict(languages=["en", "qaa"]), dict(encoders=("bert",), seeds=(0,), targets=("tatoeba",)),
])  # fmt: skip
def test_partial_grids(options):
    made, records = found(**options)
    text = words(over_tasks(made, records)) + words(families(made, records))
    assert text and not re.search(r"\bnan\b", text)


def test_without_scores_there_is_no_section():
    cells, scores, records, languages = grid(languages=MADE)
    nothing = sections.find(LAB, cells, scores.iloc[:0], languages)
    assert over_tasks(nothing, records).blocks == [] == families(nothing, records).blocks
