"""Names, codes, families and scripts of the languages, and how far each is from a source language."""

from __future__ import annotations

import pandas as pd

from xtl.base.errors import UserError

# code, ISO 639-3, name, family, branch, script: the union of the languages of XTREME's nine tasks (arXiv 2003.11080).
# Codes are ISO 639-1; where that code is a macrolanguage (ar, et, fa, ms, sw, zh) so is the ISO 639-3 code beside it.
XTREME = """
af afr Afrikaans|Indo-European|Germanic|Latin
ar ara Arabic|Afro-Asiatic|Semitic|Arabic
bg bul Bulgarian|Indo-European|Slavic|Cyrillic
bn ben Bengali|Indo-European|Indo-Aryan|Bengali
de deu German|Indo-European|Germanic|Latin
el ell Greek|Indo-European|Hellenic|Greek
en eng English|Indo-European|Germanic|Latin
es spa Spanish|Indo-European|Romance|Latin
et est Estonian|Uralic|Finnic|Latin
eu eus Basque|Basque|Basque|Latin
fa fas Persian|Indo-European|Iranian|Arabic
fi fin Finnish|Uralic|Finnic|Latin
fr fra French|Indo-European|Romance|Latin
he heb Hebrew|Afro-Asiatic|Semitic|Hebrew
hi hin Hindi|Indo-European|Indo-Aryan|Devanagari
hu hun Hungarian|Uralic|Ugric|Latin
id ind Indonesian|Austronesian|Malayo-Polynesian|Latin
it ita Italian|Indo-European|Romance|Latin
ja jpn Japanese|Japonic|Japonic|Japanese
jv jav Javanese|Austronesian|Malayo-Polynesian|Latin
ka kat Georgian|Kartvelian|Kartvelian|Georgian
kk kaz Kazakh|Turkic|Kipchak|Cyrillic
ko kor Korean|Koreanic|Koreanic|Hangul
ml mal Malayalam|Dravidian|South Dravidian|Malayalam
mr mar Marathi|Indo-European|Indo-Aryan|Devanagari
ms msa Malay|Austronesian|Malayo-Polynesian|Latin
my mya Burmese|Sino-Tibetan|Lolo-Burmese|Myanmar
nl nld Dutch|Indo-European|Germanic|Latin
pt por Portuguese|Indo-European|Romance|Latin
ru rus Russian|Indo-European|Slavic|Cyrillic
sw swa Swahili|Niger-Congo|Bantu|Latin
ta tam Tamil|Dravidian|South Dravidian|Tamil
te tel Telugu|Dravidian|South-Central Dravidian|Telugu
th tha Thai|Kra-Dai|Tai|Thai
tl tgl Tagalog|Austronesian|Malayo-Polynesian|Latin
tr tur Turkish|Turkic|Oghuz|Latin
ur urd Urdu|Indo-European|Indo-Aryan|Arabic
vi vie Vietnamese|Austroasiatic|Vietic|Latin
yo yor Yoruba|Niger-Congo|Volta-Niger|Latin
zh zho Chinese|Sino-Tibetan|Sinitic|Han
"""


def _natural() -> pd.DataFrame:
    """XTREME's 40 languages, indexed by code: name, iso639_3, family, branch, script."""
    rows = []
    for line in XTREME.strip().splitlines():
        code, iso, rest = line.split(" ", 2)
        name, family, branch, script = rest.split("|")
        rows.append((code, name, iso, family, branch, script))
    columns = ["code", "name", "iso639_3", "family", "branch", "script"]
    return pd.DataFrame(rows, columns=columns).set_index("code")


NATURAL = _natural()


def names(data: dict) -> dict[str, str]:
    """Code -> name of every language of a data source (`{"kind": "lab", …}` or `{"kind": "hub", …}`)."""
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        return {code: language.name for code, language in lab.languages(config).items()}
    return NATURAL["name"].to_dict()


def families(data: dict) -> dict[str, str]:
    """Code -> family of every language of a data source."""
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        return {code: str(language.family) for code, language in lab.languages(config).items()}
    return NATURAL["family"].to_dict()


def scripts(data: dict) -> dict[str, str]:
    """Code -> script of every language of a data source."""
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        return {code: str(language.script) for code, language in lab.languages(config).items()}
    return NATURAL["script"].to_dict()


def corpus_sentences(data: dict) -> dict[str, int]:
    """Code -> sentences in the pretraining corpus of each of the laboratory's languages."""
    lab, config = _laboratory(data)
    made = lab.languages(config).items()
    return {code: int(config.sentences * language.features["corpus"]) for code, language in made}


def features(data: dict) -> pd.DataFrame:
    """Features of the languages of a data source: one row a language (index: code), numeric columns in [0, 1].

    The laboratory's are the planted ones. XTREME's are family, branch and script, one column a value
    (`script_Latin`): what a reference book settles, and no more. Columns that share the text before the first
    underscore are the values of one feature. A feature that is not known is NaN.
    """
    if data["kind"] == "lab":
        lab, config = _laboratory(data)
        return lab.feature_table(config).astype(float)
    parts = [pd.get_dummies(NATURAL[name], prefix=name, prefix_sep="_") for name in ("family", "branch", "script")]
    return pd.concat(parts, axis=1).astype(float)


def distance(table: pd.DataFrame, source: str = "en") -> pd.Series:
    """Distance of every language from `source` in [0, 1], by Gower's formula, the same for made and natural languages.

    For each feature f known in both languages, d_f is |x_f − s_f| for a single column and half the sum of absolute
    differences over the columns of a one-of-many feature (`order_sov`, `order_svo`), so that two languages with
    different values are 1 apart, however many values there are. The distance is the plain mean of d_f over the
    features known in both, NaN if there is none. Similarity is 1 − distance.

    table: as `features` returns it. Raises UserError if `source` is not in it.
    """
    if source not in table.index:
        raise UserError(f"There are no features of the source language '{source}'; known: {', '.join(table.index)}.")
    difference = (table - table.loc[source]).abs()
    of_feature = {}
    for name, columns in table.columns.to_series().groupby([str(c).partition("_")[0] for c in table.columns]):
        total = difference[list(columns)].sum(axis=1, skipna=False)
        of_feature[name] = total / 2 if len(columns) > 1 else total
    return pd.DataFrame(of_feature).mean(axis=1).rename("distance")


def facts(data: dict) -> pd.DataFrame:
    """What is known of every language of a data source beside its code (the index): names, and features or codes."""
    if data["kind"] != "lab":
        return NATURAL.copy()
    lab, config = _laboratory(data)
    rows = {}
    for code, item in lab.languages(config).items():
        twin = f"{item.twin_of[0]} but for {item.twin_of[1]}" if item.twin_of else ""
        known = {"name": item.name, "family": item.family, "twin of": twin}
        rows[code] = {**known, **item.features, "script": item.script}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("code")


def table(data: dict, source: str = "en") -> pd.DataFrame:
    """A row a language with its code, its facts and its distance from `source`, nearest first."""
    result = facts(data)
    result["distance"] = distance(features(data), source).reindex(result.index)
    return result.sort_values("distance", kind="stable").reset_index()


def _laboratory(data: dict):
    """The module xtl.lab and the configuration that a data source names."""
    from xtl.lab.world import made_languages  # here, so that real data does not load the generator
    from xtl.lab.world.config import LabConfig

    return made_languages, LabConfig.from_dict({key: value for key, value in data.items() if key != "kind"})
