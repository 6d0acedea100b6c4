"""Languages: their features as planted in what they print, twins, distances."""

import pytest

from tests.lab.world.test_lexicon import of_script
from xtl.base.errors import UserError
from xtl.lab.tasks.corpora import corpus
from xtl.lab.tasks.datasets import dataset
from xtl.lab.world.config import LabConfig
from xtl.lab.world.lexicon import word_forms
from xtl.lab.world.made_languages import distances, feature_table, languages, twins
from xtl.lab.world.world import world

W = world()


@pytest.mark.parametrize("count", [12, 24])
def test_english_comes_first_and_families_are_equal(count):
    found = languages(LabConfig(languages=count))
    assert list(found)[:3] == ["en", "qaa", "qab"] and len(found) == count + 1
    families = [item.family for item in list(found.values())[1:]]
    assert {families.count(family) for family in families} == {count // {12: 4, 24: 6}[count]}
    assert len({item.name for item in found.values()}) == count + 1


def test_feature_table_and_distance_agree_with_the_features(small):
    table, distance = feature_table(small), distances(small)
    assert ((table >= 0) & (table <= 1)).all().all() and list(table.index) == list(languages(small))
    for code, item in languages(small).items():
        f = item.features
        by_hand = (
            (f["order"] != "SVO") + (f["adposition"] == "post") + (f["adjective"] == "after") + (f["articles"] == "no")
        )
        by_hand += (f["case"] == "yes") + (f["script"] != "Latin") + (1 - f["vocabulary"]) + (f["corpus"] < 1)
        assert distance[code] == pytest.approx(by_hand / 8)
    assert distance["en"] == 0


def test_twins_name_each_other_and_their_feature(small):
    found = languages(small)
    pairs = twins(small)
    assert len(pairs) >= 4
    for model, twin, feature in pairs:
        a, b = found[model], found[twin]
        assert [name for name in a.features if a.features[name] != b.features[name]] == [
            feature
        ] and a.family == b.family
        assert b.twin_of == (model, feature) and a.lexicon == b.lexicon


def test_languages_print_what_their_features_say(small):
    for code, item in languages(small).items():
        text = [word for document in corpus(small, code)[:40] for sentence in document for word in sentence.split()]
        assert of_script("".join(text), item.script), code
        article = word_forms(small, code)[W.ids["DET:the"], 0]
        assert (article in text) == (item.features["articles"] == "yes"), code
        forms = word_forms(small, code)
        hen = W.ids["NOUN:hen"]
        assert (forms[hen, 0] == forms[hen, 1]) == (item.features["case"] == "no"), code


def test_an_unknown_language_is_a_readable_error(small):
    with pytest.raises(UserError, match="has no language `qzz`; it has en, qaa"):
        dataset(small, "mnli", "qzz", "test")
