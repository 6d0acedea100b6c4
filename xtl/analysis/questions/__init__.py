"""Every question of the analysis, in the order of the report: its name and the function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from xtl.analysis.questions import (
    aggregates,
    agreement,
    answer,
    checkpoints,
    claims,
    controls,
    encoders,
    gains,
    gaps,
    hypotheses,
    languages,
    learning,
    recipe,
    reference,
    similarity,
    sources,
    tuning,
)
from xtl.analysis.results import Results
from xtl.analysis.section import Section

Question = Callable[[Results], Section]


def _folded(question: Question) -> Question:
    """The same question, whose section is closed until the reader opens it."""
    return lambda results: replace(question(results), folded=True)


MAIN: dict[str, Question] = {
    "answer": answer.answer,
    "gains": gains.gains,
    "languages": languages.languages,
    "similarity": similarity.similarity,
    "encoders": encoders.encoders,
    "layers": languages.layers,
    "controls": controls.controls,
}
MORE: dict[str, Question] = {
    "hypotheses": hypotheses.hypotheses,
    "aggregates": aggregates.aggregates,
    "gaps": gaps.gaps,
    "agreement": agreement.agreement,
    "checkpoints": checkpoints.checkpoints,
    "sources": sources.sources,
    "claims": claims.claims,
    "learning": learning.learning,
    "tuning": tuning.tuning,
    "reference": reference.reference,
    "pretraining": recipe.pretraining,
    "vocabulary": recipe.vocabulary,
    "shortcuts": recipe.shortcuts,
    "recipe": recipe.recipe,
    "missing": recipe.missing,
    "runs": recipe.runs,
}
QUESTIONS = MAIN | {name: _folded(question) for name, question in MORE.items()}
