"""The sections over all tasks and on encoder families: what they say, what they mark, what they refuse to say."""

import re
from dataclasses import replace

import pytest

from tests.synthetic import results
from xtl.analysis.questions.aggregates import aggregates
from xtl.analysis.questions.encoders import encoders
from xtl.tasks.sources import HubSource


def words(section) -> str:
    """Every text of a section: paragraphs, captions, cells, notes and alt texts."""
    texts = []
    for block in section.blocks:
        texts += [block.heading, *block.text, *block.notes, *(picture.alt for picture in block.pictures)]
        for table in block.tables:
            texts += [table.caption, *table.notes]
            texts += [f"{cell.text} {cell.sub}" for row in table.rows for cell in row]
    return "\n".join(texts)


def headings(section) -> list[str]:
    return [block.heading for block in section.blocks]


def test_aggregates_have_their_recipe_and_no_interval():
    section = aggregates(results(targets=("xnli", "udpos")))
    assert {row[2].sub for row in section.tables[0].rows} == {"3 seeds"}
    text = words(section)
    assert "Neither of the two has an interval" in text
    assert "Probability of improvement: how often a run" in text and "† holds cells that trained on the same" in text
    assert "Lacking in at least one seed: pawsx, panx, xquad, mlqa, tydiqa, bucc and tatoeba." in text
    assert "nine-task score" not in aggregates(results()).blocks[0].tables[0].columns


def test_the_nine_task_score_where_it_is_complete(monkeypatch):
    monkeypatch.setattr("xtl.analysis.scores.aggregates.NINE", ("udpos", "xquad"))
    options = dict(targets=("udpos", "xquad"), encoders=("bert", "xlnet"), drop=[("xlnet", "mnli", "xquad", 0)])
    section = aggregates(results(**options))
    table = section.blocks[0].tables[0]
    assert table.columns[-2:] == ["nine-task score", "its gain"]
    assert table.rows[3][4].sub.endswith("2 of 3 seeds") and table.rows[0][5].text == "–"
    assert "Lacking in at least one seed: xlnet · mnli: xquad." in words(section)
    assert "The mean gain of the headline table is another number" in words(section)


def test_real_languages_that_a_grid_leaves_out_leave_no_nine_task_score():
    text = words(aggregates(results(HubSource(), languages=["en", "de", "es"], encoders=("bert",), seeds=(0,))))
    assert "udpos (3 of 33 languages)" in text and "Neither of the two has an interval" in text


def test_the_three_kinds_of_contrast_stand_apart():
    made = results(encoders=("bert", "roberta", "xlnet"))
    kept = {key: r for key, r in made.records.items() if not (r.phase == "pretrain" and "xlnet" in r.slug)}
    section = encoders(made)
    assert headings(section)[:3] == ["Gain by encoder", "Contrast of pretraining recipes", "Contrast of architectures"]
    apart = encoders(replace(made, records=kept))
    assert headings(apart)[1:3] == ["Contrast of pretraining recipes", "Confounded contrasts"]
    assert "the test is about that checkpoint" in words(apart)
    rows = apart.blocks[2].tables[0].rows
    assert [row[0].text for row in rows] == ["bert − xlnet", "roberta − xlnet"]
    assert {row[-1].text for row in rows} == {"everything at once"}
    assert "nsp, masking; matched otherwise" in words(section)


def test_pairs_are_exploratory_and_say_what_they_could_have_missed():
    section = encoders(results())
    assert "Whether the gain depends on the encoder is a claim of the answer above" in words(section)
    columns = section.blocks[1].tables[0].columns
    assert columns[:6] == ["contrast", "intermediate", "difference", "95 % interval", "p", "detectable"]


def test_a_planted_interaction_is_in_the_table():
    planted = results(noise=0.3)
    cells = planted.cells.query("encoder == 'xlnet' and intermediate == 'mnli'")
    planted.rows.loc[planted.rows["run_id"].isin(cells["run_id"]), "value"] += 6
    table = encoders(planted).blocks[0].tables[0]
    row = dict(zip(table.columns, [cell.text for cell in table.rows[0]], strict=True))
    assert float(row["F"]) > 50 and row["p (report)"] == "< 0.001"


@pytest.mark.parametrize("options", [
    dict(seeds=(0,)), dict(encoders=("bert",)), dict(intermediates=("none",)), dict(targets=("xnli",)),
    dict(languages=["en", "qaa"]), dict(encoders=("bert",), seeds=(0,), targets=("tatoeba",)),
])  # fmt: skip
def test_partial_grids(options):
    made = results(**options)
    text = words(aggregates(made)) + words(encoders(made))
    assert text and not re.search(r"\bnan\b", text)


def test_without_scores_there_is_no_section():
    made = results()
    nothing = replace(made, rows=made.rows.iloc[:0])
    assert aggregates(nothing).blocks == [] == encoders(nothing).blocks
