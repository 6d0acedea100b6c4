"""What is known of the languages of a data source: one interface for natural and for made languages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from xtl.base.errors import UserError
from xtl.languages.similarity import DEFINITIONS, Space, gower, same_label


class Linguistics(ABC):
    """The languages of a data source; rows and keys are language codes.

    Attributes:
        distance_definition: what `distance` is, as a caption begins.
        table_definition: the features behind the distance of `table`, in words.
    """

    distance_definition: ClassVar[str]
    table_definition: ClassVar[str]

    @abstractmethod
    def facts(self) -> pd.DataFrame:
        """A row a language with what is known of it, `name`, `family` and `script` among the columns."""

    @abstractmethod
    def features(self) -> pd.DataFrame:
        """A row a language, numeric columns in [0, 1], NaN unknown.

        Columns that share the text before the first underscore are the values of one feature (`script_Latin`).
        """

    @abstractmethod
    def spaces(self) -> dict[str, Space]:
        """Measure of similarity -> the vectors behind it."""

    @abstractmethod
    def labels(self) -> pd.DataFrame:
        """Language × measures that are 1 where two languages have the same label and 0 where not."""

    @abstractmethod
    def distance(self, to: str = "en") -> pd.Series:
        """The one distance that the analysis leads with, in [0, 1]; NaN where a language is not known."""

    @abstractmethod
    def corpus_sizes(self, checkpoint: str | None = None) -> Mapping[str, float]:
        """Code -> size of the pretraining text of a checkpoint, or without one of an encoder pretrained here.

        A language of which nothing is known is not among them.
        """

    @abstractmethod
    def similarity_source(self) -> str:
        """Where the measures of similarity come from, for a caption."""

    def kilometres(self, to: str = "en") -> pd.Series | None:
        """Great-circle distance of every language in km; None where languages have no place."""
        return None

    def twins(self) -> list[tuple[str, str, str]]:
        """Pairs of languages that differ in one feature only: (language, its twin, the feature)."""
        return []

    def levels(self) -> pd.DataFrame:
        """A row a language, a column for every feature that twins may differ in."""
        return pd.DataFrame(index=self.facts().index)

    def names(self) -> dict[str, str]:
        """Code -> name of every language."""
        return self.facts()["name"].to_dict()

    def families(self) -> dict[str, str]:
        """Code -> family of every language."""
        return self.facts()["family"].to_dict()

    def scripts(self) -> dict[str, str]:
        """Code -> script of every language."""
        return self.facts()["script"].to_dict()

    def table(self, to: str = "en") -> pd.DataFrame:
        """A row a language with its code, its facts and its distance over all `features`, nearest first."""
        facts = self.facts().rename_axis("code")
        facts["distance"] = gower(self.features(), to).reindex(facts.index)
        return facts.sort_values("distance", kind="stable").reset_index()

    def measured(self, to: str = "en", definition: str = "cosine", imputed: bool = True) -> pd.DataFrame:
        """Every measure of every language against one: columns language, measure, similarity, known, stated.

        similarity: in [0, 1], higher is more similar, NaN where it is not known. known: the share of the measure's
        features that the value was computed from, those known in both languages. stated: the share that a source states
        for both, imputed values not counted.

        Args:
            definition: one of DEFINITIONS; labels are equal or not under any.
            imputed: whether URIEL's imputed values take part.
        Raises UserError for an unknown language or definition.
        """
        if definition not in DEFINITIONS:
            raise UserError(f"There is no definition '{definition}' of similarity; there are {', '.join(DEFINITIONS)}.")
        self._known(to)
        parts = [s.compared(to, definition, imputed).assign(measure=measure) for measure, s in self.spaces().items()]
        parts += [same_label(labels, to).assign(measure=measure) for measure, labels in self.labels().items()]
        rows = pd.concat(parts).rename_axis("language").reset_index()
        return rows[["language", "measure", "similarity", "known", "stated"]]

    def similarities(self, to: str = "en", definition: str = "cosine", imputed: bool = True) -> pd.DataFrame:
        """Similarity of every language to one, as `measured`: a row a language (index: code), a column a measure."""
        rows = self.measured(to, definition, imputed)
        wide = rows.pivot(index="language", columns="measure", values="similarity")
        return wide.loc[rows["language"].unique(), rows["measure"].unique()].rename_axis(columns=None)

    def log_sizes(self, checkpoint: str | None = None) -> pd.Series:
        """Code -> log10 of `corpus_sizes`; NaN where it is not known."""
        sizes = self.corpus_sizes(checkpoint)
        codes = self.facts().index
        values = pd.Series([sizes.get(code, np.nan) for code in codes], index=codes, dtype=float, name="log_size")
        return np.log10(values)

    def _known(self, code: str) -> None:
        """Raise UserError for a language that is none of these."""
        codes = self.facts().index
        if code not in codes:
            raise UserError(f"There is no language '{code}' to compare with; there are {', '.join(codes)}.")
