"""Relations with similarity by hand: slopes of seeds, the logit scale, cells without room, and what makes a claim."""

import numpy as np
import pandas as pd
import pytest

from xtl.analysis.scores import relations

FAMILIES = {f"l{i}": f"f{i // 4}" for i in range(12)}
SIMILARITY = {f"l{i}": (i % 4) / 4 + (i // 4) / 100 for i in range(12)}


def tables(slopes, noise=0.3, scale=1.0, draw=0):
    """Encoder -> seeds × languages whose gain follows similarity with the slope of every seed."""
    rng = np.random.default_rng(draw)
    x = np.array(list(SIMILARITY.values()))
    result = {}
    for encoder, of_seeds in slopes.items():
        values = [scale * (slope * x + noise * rng.normal(size=12)) for slope in of_seeds]
        result[encoder] = pd.DataFrame(values, columns=list(SIMILARITY))
    return result


def related(slopes, weights, logit=None, **options):
    points = tables(slopes, **options)
    logits = points if logit is None else tables(logit, **options)
    return relations.relation(points, logits, weights, SIMILARITY, FAMILIES)


def test_a_relation_of_all_seeds_is_a_claim():
    found = related({"a": [5.0, 5.2, 4.8]}, {"a": 1.0})
    assert found.slope.estimate == pytest.approx(5, abs=0.5) and found.within.r > 0.8
    assert found.by_seed["gain"].tolist() == pytest.approx([5, 5.2, 4.8], abs=1)
    assert found.p < 0.02


def test_a_relation_that_each_seed_has_for_itself_is_none():
    found = related({"a": [9.0, 4.0, -2.0]}, {"a": 1.0})
    assert found.within.p < 0.01
    assert found.slope.p > 0.2 and found.p == found.slope.p


def test_the_other_scale_must_agree():
    same = related({"a": [5.0, 5.2, 4.8]}, {"a": 1.0}, logit={"a": [1.0, 1.1, 0.9]})
    assert same.p < 0.05
    assert related({"a": [5.0, 5.2, 4.8]}, {"a": 1.0}, logit={"a": [-5.0, -5.1, -4.9]}).p == 1
    assert related({"a": [5.0, 5.2, 4.8]}, {"a": 1.0}, logit={"a": [0.0, 0.1, -0.1]}).p > 0.05


def test_equal_slopes_do_not_differ_however_noisy_one_is():
    slopes = {"a": [5.0, 5.1, 4.9], "b": [5.0, 4.9, 5.1]}
    assert related(slopes, {"a": 1.0, "b": -1.0}).p > 0.05
    apart = related({"a": [5.0, 5.1, 4.9], "b": [-5.0, -4.9, -5.1]}, {"a": 1.0, "b": -1.0})
    assert apart.slope.estimate == pytest.approx(10, abs=0.7) and apart.p < 0.05
    mean = related(slopes, {"a": 0.5, "b": 0.5})
    assert mean.slope.estimate == pytest.approx(5, abs=0.4)


def test_one_seed_few_languages_and_an_encoder_that_lacks_make_no_claim():
    assert np.isnan(related({"a": [5.0]}, {"a": 1.0}).p)
    assert np.isnan(related({"a": [5.0, 5.1]}, {"b": 1.0}).p)
    few = {name: table[["l0", "l1", "l2", "l3"]] for name, table in tables({"a": [5.0, 5.1]}).items()}
    assert np.isnan(relations.relation(few, few, {"a": 1.0}, SIMILARITY, FAMILIES).p)


def test_a_language_that_lacks_a_seed_stays_out():
    points = tables({"a": [5.0, 5.1, 4.9]})
    points["a"].loc[1, "l3"] = np.nan
    assert relations.relation(points, points, {"a": 1.0}, SIMILARITY, FAMILIES).within.n == 11


def scores(values, target="xnli", n=300.0):
    return pd.DataFrame({"target": target, "score": values, "n": n})


def test_logits_between_chance_and_a_hundred():
    third = 100 / 3
    middle = third + (100 - third) / 2
    found = relations.logits(scores([third, middle, 100.0]))["score"].tolist()
    assert found[1] == pytest.approx(0, abs=1e-9) and found[0] == pytest.approx(-found[2])
    assert found[2] == pytest.approx(np.log(0.5 / 300) * -1, abs=0.01)  # half an example below everything
    assert relations.logits(scores([20.0]))["score"][0] == pytest.approx(found[0])  # below chance is at chance


def test_scores_at_an_end_of_the_range():
    third = 100 / 3
    error = np.sqrt(third * (100 - third) / 300)  # 2.7 points
    near, above = third + 1.6 * error, third + 1.7 * error
    low, high = relations.at_the_ends(scores([near, above, 98.9, 99.1]))
    assert low.tolist() == [True, False, False, False]
    assert high.tolist() == [False, False, False, True]
    assert relations.at_the_ends(scores([0.9, 1.1], target="xquad"))[0].tolist() == [True, False]


def test_a_gain_without_room_lies_at_an_end_before_and_after():
    rows = pd.DataFrame({
        "encoder": "a", "intermediate": "mnli", "target": "xnli", "source": "en", "provenance": "native",
        "seed": [0, 1, 0, 1, 0, 1], "language": ["de", "de", "sw", "sw", "th", "th"],
        "baseline": [60.0, 61, 33, 34, 33, 34], "score": [65.0, 66, 33, 35, 60, 61], "n": 300.0,
    })  # fmt: skip
    assert relations.without_room(rows).tolist() == [False, False, True, True, False, False]
    whole_way = rows.assign(baseline=33.0, score=100.0)  # from one end to the other is the largest gain there is
    assert not relations.without_room(whole_way).any()
    assert relations.without_room(rows.assign(baseline=100.0, score=99.5)).all()


def test_relations_of_a_table():
    codes = list(SIMILARITY)
    rows = []
    for encoder, slope in (("a", 6.0), ("b", 0.0)):
        for seed in range(3):
            noise = np.random.default_rng(seed).normal(size=12)
            gain = slope * np.array(list(SIMILARITY.values())) + 0.2 * noise
            rows.append(pd.DataFrame({"encoder": encoder, "seed": seed, "language": codes, "gain": gain}))
    table = pd.concat(rows).assign(intermediate="mnli", source="en", provenance="native")
    distances = {"en": 1 - pd.Series(SIMILARITY)}
    found = relations.relations(table, table, distances, FAMILIES)
    cells = found.cells.set_index("encoder")
    assert cells["slope"].to_dict() == pytest.approx({"a": 6, "b": 0}, abs=0.6)
    assert cells.loc["a", "p"] < 0.05 < cells.loc["b", "p"] and (cells["n"] == 12).all()
    assert len(found.by_seed) == 6
    (pair,) = found.pairs.itertuples()
    assert (pair.first, pair.second) == ("a", "b") and pair.slope == pytest.approx(6, abs=0.6) and pair.p < 0.05
    nothing = relations.relations(table.iloc[:0], table.iloc[:0], distances, FAMILIES)
    assert nothing.cells.empty and nothing.pairs.empty and nothing.by_seed.empty
