"""The laboratory's languages: English and the made ones with their features, families, twins and planted distances."""

import string
from dataclasses import dataclass, field
from functools import cache
from typing import TypedDict, cast

import pandas as pd

from xtl.base.errors import UserError
from xtl.lab.world import feature_design
from xtl.lab.world.config import LabConfig

# Family, its own script, and the names of its members; those of a twin pair follow each other.
FAMILIES = (
    ("Talic", "Greek", ("Tala", "Talen", "Talor", "Talun")),
    ("Bodic", "Cyrillic", ("Bodai", "Bodul", "Bodin", "Bodash")),
    ("Wenuan", "Georgian", ("Wenua", "Wenoi", "Wengo", "Wenahu")),
    ("Krastic", "Armenian", ("Krast", "Kresk", "Krivil", "Kradom")),
    ("Chuqan", "Greek", ("Chuqa", "Chuwi", "Chupal", "Chusan")),
    ("Xocan", "Cyrillic", ("Xoca", "Xojen", "Xolat", "Xobek")),
)


class Features(TypedDict):
    """The level of each planted feature, as in feature_design.LEVELS; `vocabulary` and `corpus` are shares."""

    order: str
    adposition: str
    adjective: str
    articles: str
    case: str
    script: str
    vocabulary: float
    corpus: float


@dataclass(frozen=True)
class Language:
    """One language: `twin_of` is the code of its twin and the feature in which they differ."""

    code: str
    name: str
    family: str
    script: str
    features: Features = field(compare=False)
    twin_of: tuple[str, str] | None = None
    family_index: int = -1
    lexicon: str = ""  # twins have one lexicon


ENGLISH = Language(
    code="en",
    name="English",
    family="English",
    script="Latin",
    features=Features(
        order="SVO", adposition="pre", adjective="before", articles="yes", case="no", script="Latin", vocabulary=1.0,
        corpus=1.0,
    ),
    lexicon="en",
)  # fmt: skip


def languages(config: LabConfig) -> dict[str, Language]:
    """English first, then the made languages, by code."""
    return dict(_languages(config.languages))


def language(config: LabConfig, code: str) -> Language:
    """One language by its code; an unknown code is an error that lists the known ones."""
    by_code = _languages(config.languages)
    if code not in by_code:
        raise UserError(
            f"the laboratory with {config.languages} languages has no language `{code}`; it has {', '.join(by_code)}"
        )
    return by_code[code]


@cache
def _languages(count: int) -> dict[str, Language]:
    design = feature_design.table(count)
    codes = [f"qa{letter}" for letter in string.ascii_lowercase[:count]]
    twins = {twin: (model, feature) for model, twin, feature in feature_design.TWINS[count]}
    members_of_family = count // feature_design.FAMILY_COUNT[count]
    result = {"en": ENGLISH}
    for number, code in enumerate(codes):
        features = {}
        for level, (feature, levels) in zip(design[number], feature_design.LEVELS.items(), strict=True):
            features[feature] = levels[level]
        family_index, member = divmod(number, members_of_family)
        family, script, names = FAMILIES[family_index]
        model = number
        twin_of = None
        if number in twins:
            model, feature = twins[number]
            twin_of = (codes[model], feature)
        result[code] = Language(
            code=code,
            name=names[member],
            family=family,
            script="Latin" if features["script"] == "Latin" else script,
            features=cast(Features, features),
            twin_of=twin_of,
            family_index=family_index,
            lexicon=codes[model],
        )
    return result


def feature_table(config: LabConfig) -> pd.DataFrame:
    """One row per language, numeric columns in [0, 1].

    The order_* columns are the three values of one feature: in a distance their absolute differences together count
    once (half of their sum). `vocabulary` is the share of content words shared with English, `script` is 1 where it
    is not Latin, `corpus` is 1 for a full corpus and 0 for a quarter of one.
    """
    rows = {}
    for code, language in _languages(config.languages).items():
        features = language.features
        rows[code] = {
            "order_svo": features["order"] == "SVO",
            "order_sov": features["order"] == "SOV",
            "order_vso": features["order"] == "VSO",
            "postpositions": features["adposition"] == "post",
            "adjective_after": features["adjective"] == "after",
            "articles": features["articles"] == "yes",
            "case": features["case"] == "yes",
            "script": language.script != "Latin",
            "vocabulary": features["vocabulary"],
            "corpus": features["corpus"] == 1.0,
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype(float).rename_axis("language")


def distances(config: LabConfig) -> pd.Series:
    """Planted distance of each language to English, in [0, 1]: mean of |difference| over the features, order as one."""
    table = feature_table(config)
    difference = (table - table.loc["en"]).abs()
    order = [column for column in table if column.startswith("order_")]
    total = difference[order].sum(axis=1) / 2 + difference.drop(columns=order).sum(axis=1)
    return (total / len(feature_design.FEATURES)).rename("distance")


def twins(config: LabConfig) -> list[tuple[str, str, str]]:
    """Twin pairs as (language, its twin, the one feature in which they differ)."""
    pairs = []
    for code, language in _languages(config.languages).items():
        if language.twin_of:
            model, feature = language.twin_of
            pairs.append((model, code, feature))
    return pairs
