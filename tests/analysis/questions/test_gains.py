"""The section on gains says how seeds agree, what hangs on one target or family, and what new items would change."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.synthetic import MADE, results
from xtl.analysis.questions.gains import CROSSED, OF_EXAMPLES, gains

OPTIONS = dict(encoders=("bert", "xlnet"), targets=("udpos", "tatoeba"), noise=3.0)


@pytest.fixture(scope="module")
def plain():
    return results(**OPTIONS)


def tables(section) -> dict:
    return {table.caption: table for table in section.tables}


def test_seeds_that_agree_are_counted_and_nothing_is_called_significant(plain):
    [block] = gains(plain).blocks
    # by hand from the table: of four cells, how many have gains of one sign alone
    signs = plain.task_gains.groupby(["encoder", "target"])["gain"].agg(["min", "max"])
    up, down = int((signs["min"] > 0).sum()), int((signs["max"] < 0).sum())
    said = f"of 4 cells every seed gains in {up}, every seed loses in {down}, and seeds disagree in {4 - up - down}."
    assert block.text == [f"Gain over none in points, the mean over seeds; {said}"]
    assert plain.gains["mixed"].sum() == 4 - up - down
    assert "p (BH)" not in tables(gains(plain))["Every gain; the seeds lead to the runs (p two-sided against zero, not "
                                                "corrected: exploratory)"].columns  # fmt: skip


def test_what_hangs_on_one_target_or_family_is_a_table(plain):
    table = tables(gains(plain))["Mean gains with one target or family left out, in points"]
    bert = table.rows[0]
    means = plain.task_gains[plain.task_gains["encoder"] == "bert"].groupby("target")["gain"].mean().sort_values()
    assert [cell.text for cell in bert[:2]] == ["mnli", "bert"]
    assert bert[3].text == " to ".join(f"{gain:+.1f}".replace("-", "−") for gain in means)
    assert bert[3].sub == f"without {means.index[1]}, without {means.index[0]}"
    assert bert[4].sub.count("without ") == 2


def test_new_items_have_a_table_where_runs_left_examples(plain, tmp_path):
    name = "Gains for new test items, in points"
    assert name not in tables(gains(plain))
    records = dict(plain.records)
    scores = plain.main.set_index(["run_id", "language"])["score"]
    for run_id, target in plain.cells[["run_id", "target"]].drop_duplicates().itertuples(index=False):
        folder = tmp_path / run_id
        folder.mkdir()
        parts = []
        for code in MADE:
            if (run_id, code) in scores.index:  # five examples whose mean is the score
                values = [scores[run_id, code] + change for change in (-8, -4, 0, 4, 8)]
                ids = [str(i) for i in range(5)]
                parts.append(pd.DataFrame({"language": code, "example_id": ids, "score": values, "target": target}))
        pd.concat(parts).to_parquet(folder / "examples.parquet")
        records[run_id] = replace(records[run_id], folder=folder)
    table = tables(gains(replace(plain, records=records)))[name]
    assert [row[0].text for row in table.rows] == ["mean over targets"] * 2 + ["udpos", "udpos", "tatoeba", "tatoeba"]
    assert [row[6].text for row in table.rows] == ["10", "10", "5", "5", "5", "5"]
    bert = plain.gains.set_index(["target", "encoder"]).loc["udpos", "bert"]
    assert table.rows[2][3].text == f"{bert['mean']:+.1f}".replace("-", "−")
    assert table.rows[2][4].text == table.rows[2][5].text  # every item gains the same, so that items add nothing
    assert table.notes == [CROSSED] and OF_EXAMPLES not in table.notes
