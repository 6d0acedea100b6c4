"""Every question of the analysis, in the order of the report: its name and the function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from xtl.analysis.questions import (
    aggregates_section,
    background,
    claims_section,
    content,
    families_section,
    hypotheses_section,
    sections,
    similarity_section,
    sources_section,
    transfer_section,
    validity_section,
)
from xtl.analysis.questions.evidence import Evidence
from xtl.analysis.results import Results, first_source
from xtl.analysis.section import Section

Question = Callable[[Results], Section]


@lru_cache(maxsize=4)
def _evidence(results: Results) -> list[Evidence]:
    return similarity_section.gather(results, controls=content.controls(results, _encoders(results)))


def _encoders(results: Results) -> dict[str, dict]:
    return {name: block.model_dump() for name, block in results.encoder_blocks.items()}


def _intermediates(results: Results) -> dict[str, dict]:
    return {name: block.model_dump() for name, block in results.intermediates.items()}


def _hypotheses(results: Results) -> Section:
    stated = [hypothesis.model_dump() for hypothesis in results.hypotheses]
    return hypotheses_section.hypotheses(results, stated, _intermediates(results), results.records)


def _agreement(results: Results) -> Section:
    return transfer_section.agreement(results, first_source(results.cells), results.records)


def _selection(results: Results) -> Section:
    return transfer_section.selection(results, first_source(results.cells), results.rows, results.wanted)


def _claims(results: Results) -> Section:
    return claims_section.claims(results, results.records, _intermediates(results), _encoders(results))


def _folded(question: Question) -> Question:
    """The same question, whose section is closed until the reader opens it."""
    return lambda results: replace(question(results), folded=True)


MAIN: dict[str, Question] = {
    "answer": lambda results: sections.short_answer(results, results.records, _evidence(results)),
    "gains": lambda results: sections.scores_and_gains(results, results.records),
    "languages": sections.by_language,
    "similarity": lambda results: similarity_section.by_similarity(results, _evidence(results)),
    "families": lambda results: families_section.families(results, results.records),
    "layers": lambda results: sections.by_layer(results.cells, results.rows, results.encoders),
    "validity": validity_section.trust,
}
MORE: dict[str, Question] = {
    "hypotheses": _hypotheses,
    "aggregates": lambda results: aggregates_section.over_tasks(results, results.records),
    "gaps": transfer_section.gaps,
    "agreement": _agreement,
    "selection": _selection,
    "sources": sources_section.source_languages,
    "claims": _claims,
    "encoders": lambda results: background.encoders(results.records, results.encoders),
    "vocabulary": lambda results: background.vocabulary(results.main, results.encoders),
    "baselines": lambda results: background.shortcuts(results.shortcuts, results.main, results.encoders),
    "recipe": lambda results: background.recipe(results.data, results.cells, results.rows, results.records),
    "missing": lambda results: background.missing(results.main, results.records, results.unavailable),
    "runs": lambda results: background.runs(results.records),
}
QUESTIONS = MAIN | {name: _folded(question) for name, question in MORE.items()}
