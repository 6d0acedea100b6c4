"""The mixed model's cells, terms and guards: what goes in, what a grid cannot identify, what stops a coefficient."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.analysis.draws import planted
from xtl.analysis.statistics import design, mixed, mixed_cells

LANGUAGES = [f"l{i}" for i in range(6)]
SIMILARITY = {"en": pd.Series(np.linspace(0.2, 0.9, 6), LANGUAGES)}


def main(**columns) -> pd.DataFrame:
    """Two seeds of one encoder on two tasks: none scores 10 × seed + language, MNLI two points more."""
    names = ["intermediate", "target", "seed", "language"]
    keys = pd.MultiIndex.from_product([["none", "mnli"], ["udpos", "xquad"], [0, 1], ["en", *LANGUAGES]], names=names)
    table = keys.to_frame(index=False)
    score = 10.0 * table["seed"] + table["language"].str[1:].replace("n", "50").astype(float)
    table["score"] = score + 2 * (table["intermediate"] == "mnli")
    return table.assign(encoder="bert", source="en", provenance="native", same_data=False, **columns)


@pytest.fixture(scope="module")
def whole():
    table, similarity = planted(np.random.default_rng(3), 6.0)
    return table, {"en": similarity}


def test_cells_stand_beside_their_baseline_seed_by_seed():
    found = mixed_cells.cells(main(), SIMILARITY)
    assert len(found.rows) == 12 and found.seeds == [0, 1] and found.problem == "" and found.left_out == {}
    row = found.rows.query("target == 'xquad' and language == 'l3'").index[0]
    assert found.after[row].tolist() == [5, 15] and found.baseline[row].tolist() == [3, 13]
    assert found.rows.loc[row, ["after", "baseline", "similarity"]].tolist() == pytest.approx([10, 8, 0.62])
    assert found.rows.loc[row, "format"] == "span" and "en" not in set(found.rows["language"])


def test_cells_that_lack_something_are_left_out_and_counted():
    table = main()
    table.loc[(table["target"] == "udpos") & (table["intermediate"] == "mnli"), "same_data"] = True
    table.loc[(table["language"] == "l5") & (table["seed"] == 1) & (table["intermediate"] == "none"), "score"] = np.nan
    found = mixed_cells.cells(table, {"en": SIMILARITY["en"].drop("l0")})
    assert found.left_out == {
        "of the same data": 6, "without a similarity": 1, "that lack one of the seeds 0, 1, or the baseline of one": 1,
    }  # fmt: skip
    assert len(found.rows) == 4 and found.problem.startswith("4 languages have a similarity and scores, fewer than 5")


def test_corpus_sizes_may_be_each_encoders_own():
    sizes = pd.Series(range(6), LANGUAGES)
    assert mixed_cells.cells(main(), SIMILARITY, sizes).rows["log_corpus"].tolist() == list(range(6)) * 2
    own = mixed_cells.cells(main(), SIMILARITY, {"bert": sizes.drop("l2")})
    assert own.left_out == {"without a corpus size": 2} and len(own.rows) == 10
    assert mixed_cells.cells(main(), SIMILARITY, {"xlnet": sizes}).rows["log_corpus"].isna().all()


def test_languages_that_the_vocabulary_hardly_knows_stay_out():
    found = mixed_cells.cells(main().assign(unknown=lambda t: 0.5 * (t["language"] == "l1")), SIMILARITY)
    assert "l1" not in set(found.rows["language"]) and len(found.rows) == 10


def test_one_seed_has_no_baseline_from_other_seeds():
    found = mixed.fit(mixed_cells.cells(main().query("seed == 0"), SIMILARITY))
    assert found.problem == mixed_cells.ONE_SEED and found.terms.empty
    for part in (main().iloc[:0], main().assign(score=np.nan), main().query("intermediate != 'none'")):
        assert mixed.fit(mixed_cells.cells(part, SIMILARITY)).problem == mixed_cells.ONE_SEED


def test_seeds_are_those_that_keep_most_scores():
    known = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 1, 0]], bool)
    assert mixed_cells.most_complete(known) == [0, 1]
    assert mixed_cells.most_complete(np.ones((4, 3), bool)) == [0, 1, 2]
    assert mixed_cells.most_complete(np.array([[1, 0], [0, 1]], bool)) in ([0], [1])
    assert mixed_cells.most_complete(np.zeros((3, 2), bool)) == [] == mixed_cells.most_complete(np.zeros((0, 0), bool))


def test_levels_are_deviations_from_their_mean():
    rows = pd.DataFrame({
        "encoder": ["a", "b", "c"] * 4, "intermediate": ["x"] * 6 + ["y"] * 6, "format": ["p", "q"] * 6,
        "target": ["p", "q"] * 6, "language": list("mmmnnnmmmnnn"), "similarity": ([0.2] * 3 + [0.6] * 3) * 2,
        "log_corpus": np.nan, "baseline": np.arange(12.0) ** 2,
    })  # fmt: skip
    made = design.make(rows)
    weights = np.array([made.terms[f"encoder {name}"] for name in "abc"])
    assert np.allclose(weights.sum(axis=0), 0) and np.allclose(
        weights @ weights.T, [[1, 0, -1], [0, 1, -1], [-1, -1, 2]]
    )
    assert np.allclose(made.matrix[:, made.columns.index("similarity")], rows["similarity"] - 0.4)
    product = made.terms["intermediate x × format q"]
    assert product.sum() == -1 and (product != 0).sum() == 1


def test_what_the_grid_cannot_identify_is_dropped_by_name():
    found = mixed.fit(mixed_cells.cells(main(), SIMILARITY, pd.Series(3.0, LANGUAGES))).dropped
    assert found["encoder"] == "the cells have one encoder"
    assert found["encoder × similarity"] == "the cells have one encoder"
    assert found["intermediate × format"] == "the cells have one intermediate"
    assert found["log corpus size"] == "it does not vary beyond the other terms"
    assert found["(1|task)"] == found["(1|training)"] == "the fixed terms take all of it"


def test_one_cell_a_language_is_no_mixed_model():
    found = mixed.fit(mixed_cells.cells(main().query("target == 'udpos'"), SIMILARITY))
    assert found.problem.startswith("Each language has one cell")
    same = mixed.fit(mixed_cells.cells(main(), {"en": SIMILARITY["en"] * 0 + 0.5}))
    assert same.problem == "There is no slope of similarity: it is the same for every language."


def test_a_whole_grid_has_every_term_with_its_degrees_of_freedom(whole):
    found = mixed.fit(mixed_cells.cells(*whole))
    terms = found.terms.set_index("term")
    assert found.problem == found.flag == "" and 0.5 < found.reliability < 1
    assert terms.loc["similarity", "df"] == 12 - 2 and terms.loc["encoder xlnet", "df"] == 9 - 5
    assert terms.loc[["encoder bert", "encoder roberta", "encoder xlnet"], "estimate"].sum() == pytest.approx(0)
    assert terms.loc["baseline", "estimate"] == pytest.approx(1, abs=0.1)
    assert terms.loc["similarity", "low"] < 6 < terms.loc["similarity", "high"]
    assert {"format span", "encoder bert × similarity"} <= set(terms.index)
    assert set(found.spreads) == {"language", "training", "residual"}


def test_without_convergence_there_are_no_coefficients(whole, monkeypatch):
    monkeypatch.setattr(mixed.reml, "fit", lambda *_: None)
    found = mixed.fit(mixed_cells.cells(*whole))
    assert found.problem == mixed.NO_CONVERGENCE and found.terms.empty


@pytest.mark.parametrize(
    "slope,reason", [(0.0, "came out as zero"), (-9.0, "differ in sign"), (40.0, "outside the interval")]
)
def test_a_slope_that_ols_does_not_confirm_is_flagged(whole, monkeypatch, slope, reason):
    honest = mixed.reml.fit

    def broken(response, matrix, groups):
        found = honest(response, matrix, groups)
        columns = design.make(mixed_cells.cells(*whole).rows).columns
        return replace(found, effects=np.where(np.array(columns) == "similarity", slope, found.effects))

    monkeypatch.setattr(mixed.reml, "fit", broken)
    assert reason in mixed.fit(mixed_cells.cells(*whole)).flag


def test_a_baseline_of_mere_noise_is_refused():
    rng = np.random.default_rng(0)
    table, similarity = planted(rng, 6.0, gradient=0.0)
    table["score"] = rng.normal(size=len(table))
    assert "little more than the noise" in mixed.fit(mixed_cells.cells(table, {"en": similarity})).problem
