"""The laboratory's made languages: planted features, families, twins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from xtl.lab.world import made_languages
from xtl.lab.world.config import LabConfig
from xtl.languages.linguistics import Linguistics
from xtl.languages.similarity import Space, gower

# The planted features by measure, named as similarity.gower groups the columns.
MEASURES = {
    "syntactic": ("order", "postpositions", "adjective", "articles", "case"),
    "lexical": ("vocabulary",),
    "corpus": ("corpus",),
}


@dataclass(frozen=True)
class MadeLanguages(Linguistics):
    """English and the made languages of a laboratory."""

    config: LabConfig

    distance_definition = (
        "Distance from the source language is Gower's: the mean over the planted features of their absolute "
        "difference (0 or 1 for a feature with unordered values)"
    )
    table_definition = "all features"

    def facts(self) -> pd.DataFrame:
        """Columns name, family, twin of, and the planted features with their levels."""
        rows = {}
        for code, item in made_languages.languages(self.config).items():
            twin = f"{item.twin_of[0]} but for {item.twin_of[1]}" if item.twin_of else ""
            facts = {"name": item.name, "family": item.family, "twin of": twin}
            rows[code] = {**facts, **item.features, "script": item.script}
        return pd.DataFrame.from_dict(rows, orient="index")

    def levels(self) -> pd.DataFrame:
        """The level of every planted feature."""
        rows = {code: item.features for code, item in made_languages.languages(self.config).items()}
        return pd.DataFrame.from_dict(rows, orient="index")

    def features(self) -> pd.DataFrame:
        """The planted features."""
        return made_languages.feature_table(self.config).astype(float)

    def spaces(self) -> dict[str, Space]:
        """The planted features by measure.

        Those with two values are two columns (has it, has it not) and shares are share and rest, since URIEL too has
        columns for either side (adposition before, after) and a cosine sees only what is there. With such columns the
        cosine over features of yes and no is the share of features in which two languages agree. `lexical` is the
        vocabulary shared with English, and known against English only. Geography, phonology and sounds were not made,
        so there is no measure of them.
        """
        table = self.features()
        spaces = {}
        for measure, features in MEASURES.items():
            vectors = _one_of_many(table, features)
            spaces[measure] = Space(vectors, vectors, relative_to="en" if measure == "lexical" else None)
        return spaces

    def labels(self) -> pd.DataFrame:
        """Genetic (the made family) and script."""
        return self.facts()[["family", "script"]].rename(columns={"family": "genetic"})

    def distance(self, to: str = "en") -> pd.Series:
        """Gower's, over all planted features."""
        return gower(self.features(), to)

    def corpus_sizes(self, checkpoint: str | None = None) -> Mapping[str, float]:
        """In sentences; none for a checkpoint, whose English is not the laboratory's."""
        languages = {} if checkpoint else made_languages.languages(self.config)
        return {code: int(self.config.sentences * item.features["corpus"]) for code, item in languages.items()}

    def similarity_source(self) -> str:
        """The planted features."""
        return "the planted features (lexical: of vocabulary, against English only; genetic: the same family or not)"

    def twins(self) -> list[tuple[str, str, str]]:
        """The laboratory's twins."""
        return made_languages.twins(self.config)


def _one_of_many(table: pd.DataFrame, features: tuple[str, ...]) -> pd.DataFrame:
    """The columns of the named features; a feature with one column gets a second, its complement."""
    parts = []
    for feature in features:
        columns = [column for column in table.columns if column.partition("_")[0] == feature]
        parts.append(table[columns])
        if len(columns) == 1:
            parts.append((1 - table[columns]).add_prefix("not_"))
    return pd.concat(parts, axis=1)
