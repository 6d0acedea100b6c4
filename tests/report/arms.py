"""Synthetic tables with every arm that a grid can declare, for the tests of the sections that speak of them."""

import pandas as pd

from tests.synthetic import grid
from xtl.analysis.questions import sections
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import LabSource

LAB = LabSource(LabConfig(languages=12, sentences=400, train=100, test=20, seed=0))
MADE = ["en", "qaa", "qab", "qac", "qad", "qae", "qaf"]
INTERMEDIATES = {
    "none": {"tasks": []},
    "mnli": {"tasks": [{"task": "mnli", "language": "en", "provenance": "native"}]},
    "mnli+mlm": {"tasks": [{"task": "mnli"}, {"task": "mlm"}], "sampler": "proportional"},
    "mnli-qaa": {"tasks": [{"task": "mnli", "language": "qaa", "provenance": "machine"}]},
    "none+steps": {"tasks": [], "steps_of": "mnli"},
}
HYPOTHESES = [
    {"name": "helps", "effect": "gain", "contrast": "mnli"},
    {"name": "more than steps", "effect": "intermediate_difference", "contrast": "mnli - none+steps"},
    {"name": "follows <b>", "effect": "similarity", "contrast": "mnli", "direction": "two-sided"},
]


def tables(**options) -> dict:
    """Cells, scores, records, languages, found, of two encoders, two seeds, five arms, three sources, three rules.

    Training in qaa scores 3 points more than in English, machine-translated qab 3 less; the oracle 2 points more than
    the last checkpoint.
    """
    options = dict(
        encoders=("bert", "xlnet"), seeds=(0, 1), targets=("udpos", "tatoeba"), languages=MADE,
        intermediates=tuple(INTERMEDIATES), noise=0.3,
    ) | options  # fmt: skip
    cells, scores, records, languages = grid(**options)
    trained, all_scores = cells["target"] == "udpos", [scores]
    for source, provenance, shift in (("qaa", "native", 3.0), ("qab", "machine", -3.0)):
        more = cells[trained & (cells["intermediate"] == "none")]
        renamed = {old: f"{old}{source}" for old in more["run_id"]}
        rows = scores[scores["run_id"].isin(renamed)]
        all_scores.append(rows.assign(run_id=rows["run_id"].map(renamed), value=rows["value"] + shift, n_train=600))
        more = more.assign(run_id=more["run_id"].map(renamed), source=source, provenance=provenance)
        cells = pd.concat([cells, more], ignore_index=True)
        records |= {new: {**records[old], "id": new} for old, new in renamed.items()}
    own = scores[scores["target"] == "udpos"]
    all_scores += [
        own.assign(selection=rule, headline=False, value=own["value"] + shift)
        for rule, shift in (("english_dev@20", -0.5), ("oracle", 2.0))
    ]
    scores = pd.concat(all_scores, ignore_index=True)
    found = sections.find(LAB, cells, scores, languages)
    return {"cells": cells, "scores": scores, "records": records, "languages": languages, "found": found}
