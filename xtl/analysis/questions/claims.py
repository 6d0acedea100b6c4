"""The paper's claims as data (claims.yaml), and their verdicts on the catalog and on a grid."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import pandas as pd
import yaml

from xtl.analysis.questions.claim_tests import TESTS
from xtl.analysis.questions.verdicts import Grid
from xtl.analysis.scores import arms as arms_of
from xtl.tasks.sources import DataSource, HubSource

COLUMNS = ["id", "text", "mark", "confidence", "type", "value", "where", "tested_on", "verdict", "scope", "evidence"]


@cache
def load() -> tuple[dict, ...]:
    """The claims of claims.yaml in their order, each a mapping with the keys of that file."""
    text = resources.files("xtl.analysis.questions").joinpath("claims.yaml").read_text("utf-8")
    return tuple(yaml.safe_load(text))


def grid(
    data: DataSource,
    task_gains: pd.DataFrame,
    records: Mapping[str, Mapping],
    intermediates: Mapping[str, Mapping] | None = None,
    encoders: Mapping[str, Mapping] | None = None,
) -> Grid:
    """Gather what the claims' tests read.

    data: the data source. task_gains: gains.gains of task scores. records: run id -> record, as tables.gather returns
    them. intermediates: see arms.read. encoders: name -> what the grid file says of it, {"pretrain": its parameters or
    None, "checkpoint": Hub id or folder or None}; what the records say of an encoder comes first.
    """
    known = task_gains["encoder"].unique()
    declared = {name: spec.get("pretrain") for name, spec in (encoders or {}).items()}
    found = {**{name: None for name in known}, **declared, **pretraining(records)}
    named = {name: spec["checkpoint"] for name, spec in (encoders or {}).items() if spec.get("checkpoint")}
    home = arms_of.home(task_gains)
    arms = arms_of.read(intermediates, home["intermediate"].unique())
    return Grid(data.made, home, arms, found, named | _checkpoints(records), _counted(records))


def judge(found: Grid) -> pd.DataFrame:
    """Every claim with its verdict (verdicts.VERDICTS), what that speaks of, and the evidence; a row a claim, COLUMNS.

    A claim is open where an interval allows both, and not testable where the grid lacks what it speaks of.
    """
    rows = []
    for claim in load():
        arguments = dict(claim["test"])
        verdict = TESTS[arguments.pop("name")](found, **arguments)
        kept = {key: claim[key] for key in ("id", "text", "mark", "confidence", "type", "tested_on")}
        rows.append({**kept, **claim["reference"], **verdict._asdict()})
    return pd.DataFrame(rows, columns=COLUMNS)


def pretraining(records: Mapping[str, Mapping]) -> dict[str, Mapping]:
    """Encoder -> the parameters of its pretraining, of those that were pretrained here."""
    return {
        record["labels"].get("encoder", record["slug"]): record["params"]
        for record in records.values()
        if record["phase"] == "pretrain"
    }


def _checkpoints(records: Mapping[str, Mapping]) -> dict[str, str]:
    """Encoder -> the Hub id that its runs started from, where they recorded one."""
    found = {}
    for record in records.values():
        origin = (record["params"].get("inputs") or {}).get("encoder")
        if isinstance(origin, Mapping) and origin.get("hub"):
            found[record["labels"].get("encoder")] = origin["hub"]
    return found


def _counted(records: Mapping[str, Mapping]) -> dict[str, list[int]]:
    """Task -> training examples as finished intermediate runs counted them, on real data that nothing cut short."""
    found: dict[str, set[int]] = {}
    for record in records.values():
        params, facts = record["params"], record["run"].get("facts") or {}
        tasks = params.get("tasks") or []
        whole = (params.get("data") or {}).get("kind") == HubSource.kind and not params.get("max_train_examples")
        english = len(tasks) == 1 and isinstance(tasks[0], str)  # other languages are written out
        if record["phase"] == "intermediate" and record["state"] == "done" and whole and english:
            if facts.get("n_train"):
                found.setdefault(tasks[0], set()).add(int(facts["n_train"]))
    return {name: sorted(counts) for name, counts in found.items()}
