"""What a report says, in order: every section from the tables of a grid and from what its file declares."""

from __future__ import annotations

from collections.abc import Mapping

from xtl.analysis.questions import sections
from xtl.analysis.scores import correlations as similarity


def controls(found: sections.Findings, encoders: Mapping[str, Mapping]) -> dict:
    """Source or (encoder, source) -> what may stand behind similarity: script, and the text that an encoder saw."""
    tables: dict = {}
    for source in dict.fromkeys(found.main["source"]):
        tables[source] = similarity.controls(found.data, source)
        for name in found.encoders:
            checkpoint = (encoders.get(name) or {}).get("checkpoint")
            if checkpoint:
                tables[name, source] = similarity.controls(found.data, source, checkpoint)
    return tables
