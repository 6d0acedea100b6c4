"""URIEL's vectors of the natural languages: family, geography, syntax, phonology and sounds, read from lang2vec."""

from __future__ import annotations

from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pandas as pd

from xtl.base.errors import UserError
from xtl.languages.names import NATURAL

# ISO 639-3 calls six of XTREME's codes macrolanguages, and URIEL has rows for both them and their members. The member
# is taken that the tasks are written in, unless URIEL lacks for it a whole set that it has for the macrolanguage.
# Taken: Iranian Persian, coastal Swahili and Mandarin. Not taken: Standard Arabic (arb: no source on phonology or
# inventory), Standard Estonian (ekk: in no group of the family tree) and Standard Malay (zsm: no source on phonology,
# and on 12 of the 103 syntactic features, where msa has 101).
INDIVIDUAL = {"fas": "pes", "swa": "swh", "zho": "cmn"}

# Measure -> lang2vec's file of the vectors, its file of what sources state (the rest is imputed), prefix of features.
# These are lang2vec's sets fam, geo, syntax_knn, phonology_knn and inventory_knn, and syntax_average etc. beside them.
SETS = {
    "genetic": ("family_features", "family_features", "F_"),
    "geographic": ("geocoord_features", "geocoord_features", "GC_"),
    "syntactic": ("feature_predictions", "feature_averages", "S_"),
    "phonological": ("feature_predictions", "feature_averages", "P_"),
    "inventory": ("feature_predictions", "feature_averages", "INV_"),
}
EARTH = 6371.0  # mean radius in km


def source() -> str:
    """Where the vectors come from, for a caption."""
    return f"URIEL (Littell et al. 2017; CC BY-SA 4.0) in lang2vec {_lang2vec().version}"


def codes() -> dict[str, str]:
    """XTREME's code -> the ISO 639-3 code under which URIEL is asked."""
    return {code: INDIVIDUAL.get(iso, iso) for code, iso in NATURAL["iso639_3"].items()}


def vectors(imputed: bool = True) -> dict[str, pd.DataFrame]:
    """Measure -> vectors of XTREME's languages: a row a language (index: code), a column a feature, values in [0, 1].

    genetic: one column for each group of Glottolog's tree that any of them is in, 1 for those that the language is in.
    geographic: the great-circle distance from each of 299 fixed points on the globe, as a share of half its
    circumference. syntactic, phonological: 1 where the language has the feature (from WALS, SSWL and Ethnologue).
    inventory: 1 where it has the sound or class of sounds (from PHOIBLE).

    What no source states is imputed in these three by URIEL's nearest neighbours (by family, place and known features),
    so that the vectors always look complete: with `imputed=False` they hold what sources state, averaged where these
    disagree, and NaN elsewhere (Littell et al. 2017; on what the gaps do, Toossi et al. 2024, arXiv 2405.11125). A
    language without a single group in the tree is NaN in `genetic`: URIEL writes isolates (Basque) and languages that
    its tree leaves out alike, as zeros, and zeros have no direction. Raises UserError where lang2vec is not installed.
    """
    result = {}
    for measure, (complete, stated, prefix) in SETS.items():
        table = _read(complete if imputed else stated)
        table = table[[name for name in table if name.startswith(prefix)]]
        if measure == "genetic":
            table = table.loc[table.sum(axis=1) > 0, table.sum() > 0].reindex(table.index)
        result[measure] = table
    return result


def positions() -> pd.DataFrame:
    """Latitude and longitude of each language in degrees: columns lat, lon.

    URIEL's files hold no positions, only distances from fixed points, which are enough to recover them: a language at
    the unit vector x is at the angle π·d from the point u, so that cos(π·d) = u·x, and x is the least-squares solution
    over all points. The points are named in whole degrees, which leaves an error of a few km.
    """
    table = vectors()["geographic"]
    points = _unit(np.array([[float(n) for n in name.split("_")[1:]] for name in table]))
    solution, *_ = np.linalg.lstsq(points, np.cos(np.pi * table.to_numpy().T), rcond=None)
    x, y, z = solution / np.linalg.norm(solution, axis=0)
    degrees = {"lat": np.degrees(np.arcsin(z)), "lon": np.degrees(np.arctan2(y, x))}
    return pd.DataFrame(degrees, index=table.index)


def kilometres(source: str) -> pd.Series:
    """Great-circle distance of every language from `source` in km, between the positions that URIEL gives them.

    >>> kilometres("en")[["de", "ja"]].round(-2).to_dict()
    {'de': 1100.0, 'ja': 9300.0}
    """
    units = pd.DataFrame(_unit(positions().to_numpy()), index=NATURAL.index)
    return (np.arccos((units @ units.loc[source]).clip(-1, 1)) * EARTH).rename("km")


def _unit(degrees: np.ndarray) -> np.ndarray:
    """(n, 2) latitudes and longitudes in degrees -> (n, 3) unit vectors."""
    lat, lon = np.radians(degrees).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


@cache
def _read(name: str) -> pd.DataFrame:
    """One of lang2vec's files: XTREME's languages × features; NaN where URIEL writes −1 or lacks the language."""
    with np.load(_folder() / f"{name}.npz") as held:  # numpy's default refuses pickled objects
        row = {iso: i for i, iso in enumerate(held["langs"].tolist())}
        wanted = {code: row[iso] for code, iso in codes().items() if iso in row}
        values = held["data"][list(wanted.values()), :, 0].astype(float)
        features = held["feats"].tolist()
    values[values < 0] = np.nan
    return pd.DataFrame(values, index=list(wanted), columns=features).reindex(NATURAL.index)


def _folder() -> Path:
    """The folder of lang2vec's data."""
    return Path(str(_lang2vec().locate_file("lang2vec/data")))


def _lang2vec() -> Distribution:
    """The installed package, found by its metadata and not as a module.

    Importing it needs the removed pkg_resources, and it installs a script of the same name beside the `xtl` command,
    where Python looks for modules first.
    """
    try:
        return distribution("lang2vec")
    except PackageNotFoundError:
        raise UserError(
            "lang2vec, which holds URIEL's vectors, is not installed: pip install -r requirements.lock."
        ) from None
