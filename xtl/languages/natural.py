"""The natural languages of XTREME: a reference book's facts and URIEL's vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from xtl.languages import typology
from xtl.languages.corpus_sizes import published
from xtl.languages.linguistics import Linguistics
from xtl.languages.names import NATURAL
from xtl.languages.similarity import Space, matching


@dataclass(frozen=True)
class NaturalLanguages(Linguistics):
    """XTREME's 40 languages."""

    distance_definition = (
        "Distance from the source language is the share of URIEL's syntactic features (Littell et al. 2017; "
        "lang2vec 1.1.2, syntax_knn, imputed where no source states them) in which two languages differ"
    )
    table_definition = "family, branch and script"

    def facts(self) -> pd.DataFrame:
        """Columns name, iso639_3, family, branch, script."""
        return NATURAL.copy()

    def features(self) -> pd.DataFrame:
        """Family, branch and script, one column a value: what a reference book settles, and no more."""
        parts = [pd.get_dummies(NATURAL[name], prefix=name, prefix_sep="_") for name in ("family", "branch", "script")]
        return pd.concat(parts, axis=1).astype(float)

    def spaces(self) -> dict[str, Space]:
        """URIEL's sets (typology.py): genetic, geographic, syntactic, phonological and inventory (of sounds).

        `geographic` compares how far two languages are from points all over the globe: near 1 for neighbours, and no
        distance; `kilometres` has the great circle between the same positions.
        """
        complete = typology.vectors()
        stated = typology.vectors(imputed=False)
        return {measure: Space(v, stated[measure], presence=measure == "genetic") for measure, v in complete.items()}

    def labels(self) -> pd.DataFrame:
        """Family, branch and script."""
        return NATURAL[["family", "branch", "script"]]

    def distance(self, to: str = "en") -> pd.Series:
        """Gower's, over URIEL's syntactic features, imputed where no source states them."""
        self._known(to)
        vectors = typology.vectors()["syntactic"]
        same = matching(vectors.to_numpy(), vectors.loc[to].to_numpy())
        return pd.Series(1 - same, index=vectors.index, name="distance")

    def corpus_sizes(self, checkpoint: str | None = None) -> Mapping[str, float]:
        """In GiB, as published; nothing is tabled of the Hub's plain text that is pretrained on here."""
        return published(checkpoint) if checkpoint else {}

    def similarity_source(self) -> str:
        """URIEL with its version, and what its numbers are."""
        return (
            f"{typology.source()}. In brackets, where it is not all, the share of features that a source states for "
            "both languages; URIEL imputes the rest. Geographic compares distances from points all over the globe; km "
            "is the great circle"
        )

    def kilometres(self, to: str = "en") -> pd.Series | None:
        """Great-circle distance between the positions that URIEL gives the languages, in km."""
        return typology.kilometres(to)
