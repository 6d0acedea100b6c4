"""What a report says, in order: every section from the tables of a grid and from what its file declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from xtl.analysis.questions import aggregates_section as aggregates
from xtl.analysis.questions import background, claims_section, hypotheses_section, sections, similarity_section
from xtl.analysis.questions import families_section as families
from xtl.analysis.questions import sources_section as source_languages
from xtl.analysis.questions import transfer_section as transfer
from xtl.analysis.questions import validity_section as validity
from xtl.analysis.scores import correlations as similarity
from xtl.tasks.sources import DataSource


def declared(experiment) -> dict:
    """What the sections want to know of a grid file: its intermediates, encoders and hypotheses as plain values."""
    return {
        "intermediates": {name: spec.model_dump() for name, spec in experiment.all_intermediates().items()},
        "encoders": {name: spec.model_dump() for name, spec in experiment.encoders.items()},
        "hypotheses": [hypothesis.model_dump() for hypothesis in experiment.hypotheses],
    }


def all_sections(
    data: DataSource, cells: pd.DataFrame, scores: pd.DataFrame,
    records: Mapping[str, Mapping], pages: Mapping[str, str],
    languages: Mapping[str, Sequence[str]] | None, unavailable: pd.DataFrame | None, baselines: pd.DataFrame | None,
    grid: Mapping,
) -> list[dict]:  # fmt: skip
    """Every section that has something to say; see report.write_report for the arguments, `declared` for `grid`."""
    found = sections.find(data, cells, scores, languages)
    intermediates, encoders = grid.get("intermediates"), grid.get("encoders")
    both = similarity_section.gather(found, controls=controls(found, encoders or {}))
    first = sections.first_source(cells)
    return [
        sections.short_answer(found, records, both),
        hypotheses_section.hypotheses(found, grid.get("hypotheses", []), intermediates, records),
        sections.scores_and_gains(found, records),
        aggregates.over_tasks(found, records),
        families.families(found, records, corpus=sizes(found, encoders or {})),
        sections.by_language(found),
        similarity_section.by_similarity(found, both),
        validity.trust(found),
        transfer.gaps(found),
        transfer.agreement(found, first, records),
        transfer.selection(found, first, scores, languages),
        source_languages.source_languages(found),
        sections.by_layer(cells, scores, found.encoders),
        claims_section.claims(found, records, intermediates, encoders),
        background.encoders(records, found.encoders),
        background.vocabulary(found.main, found.encoders),
        background.shortcuts(baselines, found.main, found.encoders),
        background.recipe(data, cells, scores, records),
        background.missing(found.main, records, unavailable),
        background.runs(records, pages),
    ]


def controls(found: sections.Findings, encoders: Mapping[str, Mapping]) -> dict:
    """Source or (encoder, source) -> what may stand behind similarity: script, and the text that an encoder saw."""
    tables: dict = {}
    for source in dict.fromkeys(found.main["source"]):
        tables[source] = similarity.controls(found.data.linguistics, source)
        for name in found.encoders:
            checkpoint = (encoders.get(name) or {}).get("checkpoint")
            if checkpoint:
                tables[name, source] = similarity.controls(found.data.linguistics, source, checkpoint)
    return tables


def sizes(found: sections.Findings, encoders: Mapping[str, Mapping]) -> pd.Series | dict | None:
    """Log sizes of the pretraining text by language, where they are known of every encoder; else none at all."""
    if found.data.made:
        return found.data.linguistics.log_sizes()
    known = {
        name: found.data.linguistics.log_sizes((encoders.get(name) or {}).get("checkpoint")) for name in found.encoders
    }
    return known if all(size.notna().any() for size in known.values()) else None
