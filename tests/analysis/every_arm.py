"""Synthetic results with every arm that a grid can declare, for the tests of the questions that speak of them."""

from dataclasses import replace

import pandas as pd

from tests.synthetic import MADE, results
from xtl.analysis.results import Results
from xtl.grid.blocks import Intermediate
from xtl.grid.schema import Claim, Hypothesis

SEVEN = MADE[:7]
INTERMEDIATES = {
    name: Intermediate.model_validate(block)
    for name, block in {
        "none": {},
        "mnli": ["mnli"],
        "mnli+mlm": {"tasks": ["mnli", "mlm"], "sampler": "proportional"},
        "mnli-qaa": [{"task": "mnli", "language": "qaa", "provenance": "machine"}],
        "none+steps": {"steps_of": "mnli"},
    }.items()
}
HYPOTHESES = [
    Hypothesis(name="helps", effect="gain", contrast=["mnli"]),
    Hypothesis(name="more than steps", effect="intermediate_difference", contrast=["mnli", "none+steps"]),
    Hypothesis(name="follows <b>", effect="similarity", contrast=["mnli"], direction="two-sided"),
]
CLAIMS = [
    Claim(text="MNLI gains", source="a paper", contrast=["mnli"], reference=7.5),
    Claim(text="nearly every one helps", source="a paper", targets=["tatoeba"], share=0.75),
]


def every_arm(**options) -> Results:
    """Results of two encoders, two seeds, five arms, three sources of target training, three rules of selection.

    Training in qaa scores 3 points more than in English, machine-translated qab 3 less; the oracle 2 points more than
    the last checkpoint.
    """
    options = dict(
        encoders=("bert", "xlnet"), seeds=(0, 1), targets=("udpos", "tatoeba"), languages=SEVEN,
        intermediates=tuple(INTERMEDIATES), noise=0.3,
    ) | options  # fmt: skip
    plain = results(**options)
    cells = plain.cells
    records = dict(plain.records)
    scores = [plain.rows]
    trained = (cells["target"] == "udpos") & (cells["intermediate"] == "none")
    for source, provenance, shift in (("qaa", "native", 3.0), ("qab", "machine", -3.0)):
        more = plain.cells[trained]
        renamed = {old: f"{old}{source}" for old in more["run_id"]}
        rows = plain.rows[plain.rows["run_id"].isin(renamed)]
        scores.append(rows.assign(run_id=rows["run_id"].map(renamed), value=rows["value"] + shift, n_train=600))
        more = more.assign(run_id=more["run_id"].map(renamed), source=source, provenance=provenance)
        cells = pd.concat([cells, more], ignore_index=True)
        records |= {new: replace(records[old], id=new) for old, new in renamed.items()}
    own = plain.rows[plain.rows["target"] == "udpos"]
    for rule, shift in (("english_dev@20", -0.5), ("oracle", 2.0)):
        scores.append(own.assign(selection=rule, headline=False, value=own["value"] + shift))
    return replace(
        plain, cells=cells, rows=pd.concat(scores, ignore_index=True), records=records, intermediates=INTERMEDIATES,
        hypotheses=HYPOTHESES, claims=CLAIMS,
    )  # fmt: skip
