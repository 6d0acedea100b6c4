"""The laboratory's languages: English and the made ones with their features, families, twins and planted distances."""

from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from xtl.base.errors import UserError
from xtl.lab.world import feature_design as design
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


@dataclass(frozen=True)
class Language:
    """One language: `features` maps each feature to its level, `twin_of` is the code of its twin and the feature."""

    code: str
    name: str
    family: str
    script: str
    features: dict = field(compare=False)
    twin_of: tuple[str, str] | None = None
    family_index: int = -1
    lexicon: str = ""  # twins have one lexicon


ENGLISH = Language(
    code="en",
    name="English",
    family="English",
    script="Latin",
    features={
        "order": "SVO", "adposition": "pre", "adjective": "before", "articles": "yes", "case": "no", "script": "Latin",
        "vocabulary": 1.0, "corpus": 1.0,
    },
    lexicon="en",
)  # fmt: skip


@cache
def _languages(count: int) -> dict[str, Language]:
    codes = design.table(count)
    names = [f"qa{chr(97 + i)}" for i in range(count)]
    models = {twin: (model, feature) for model, twin, feature in design.TWINS[count]}
    size = count // design.FAMILIES[count]
    result = {"en": ENGLISH}
    for i, code in enumerate(names):
        features = {name: levels[codes[i, f]] for f, (name, levels) in enumerate(design.LEVELS.items())}
        family, script, members = FAMILIES[i // size]
        model, feature = models.get(i, (i, None))
        result[code] = Language(
            code=code,
            name=members[i % size],
            family=family,
            script="Latin" if features["script"] == "Latin" else script,
            features=features,
            twin_of=(names[model], feature) if feature else None,
            family_index=i // size,
            lexicon=names[model],
        )
    return result


def languages(config: LabConfig) -> dict[str, Language]:
    """English first, then the made languages, by code."""
    return dict(_languages(config.languages))


def language(config: LabConfig, code: str) -> Language:
    """One language by its code; an unknown code is an error that lists the known ones."""
    known = _languages(config.languages)
    if code not in known:
        raise UserError(
            f"the laboratory with {config.languages} languages has no language `{code}`; it has {', '.join(known)}"
        )
    return known[code]


def feature_table(config: LabConfig) -> pd.DataFrame:
    """One row per language, numeric columns in [0, 1].

    The order_* columns are the three values of one feature: in a distance their absolute differences together count
    once (half of their sum). `vocabulary` is the share of content words shared with English, `script` is 1 where it
    is not Latin, `corpus` is 1 for a full corpus and 0 for a quarter of one.
    """
    rows = {}
    for code, item in _languages(config.languages).items():
        f = item.features
        rows[code] = {
            **{f"order_{order.lower()}": float(f["order"] == order) for order in design.LEVELS["order"]},
            "postpositions": float(f["adposition"] == "post"),
            "adjective_after": float(f["adjective"] == "after"),
            "articles": float(f["articles"] == "yes"),
            "case": float(f["case"] == "yes"),
            "script": float(item.script != "Latin"),
            "vocabulary": f["vocabulary"],
            "corpus": float(f["corpus"] == 1.0),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("language")


def distances(config: LabConfig) -> pd.Series:
    """Planted distance of each language to English, in [0, 1]: mean of |difference| over the features, order as one."""
    table = feature_table(config)
    difference = (table - table.loc["en"]).abs()
    order = [column for column in table if column.startswith("order_")]
    total = difference[order].sum(axis=1) / 2 + difference.drop(columns=order).sum(axis=1)
    return (total / len(design.FEATURES)).rename("distance")


def twins(config: LabConfig) -> list[tuple[str, str, str]]:
    """Twin pairs as (language, its twin, the one feature in which they differ)."""
    return [(item.twin_of[0], code, item.twin_of[1]) for code, item in languages(config).items() if item.twin_of]
