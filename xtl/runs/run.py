"""A run: one execution of one notebook, and what identifies it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xtl.runs.record import Labels

# Raised when the code of a phase changes what a run computes: every identity of that phase changes with it.
VERSIONS = {"pretrain": 2, "trial": 1, "intermediate": 2, "target": 3, "analysis": 1}

NOTEBOOKS = {
    "pretrain": "0_pretrain.ipynb",
    "trial": "0_trial.ipynb",
    "intermediate": "1_intermediate.ipynb",
    "target": "2_target.ipynb",
    "analysis": "3_analysis.ipynb",
}


@dataclass(frozen=True)
class Run:
    """One execution of one notebook.

    Attributes:
        params: what decides the result, as the notebook's parameters (JSON).
        upstream: notebook parameter -> id of the run whose `checkpoint/` it reads; `trials.0`, `trials.1` and so on are
            the runs whose results the parameter `trials` lists.
        labels: what score rows carry although it is not in the identity (names of this grid).
        passed: notebook parameters that do not decide the result (where a checkpoint lies).
    """

    phase: str
    slug: str
    params: dict[str, Any]
    upstream: dict[str, str]
    hash: str
    labels: Labels = Labels()
    passed: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The first 12 hex digits of the full hash."""
        return self.hash[:12]

    @property
    def folder(self) -> str:
        """Path of the run's folder below outputs/runs."""
        return f"{self.phase}/{self.slug}-{self.id}"

    @property
    def notebook(self) -> str:
        """File name of the notebook that the run executes."""
        return NOTEBOOKS[self.phase]


def identity(
    phase: str, params: Mapping[str, Any], upstream: Mapping[str, str], neutral: Mapping[str, object] | None = None
) -> str:
    """SHA-256 over sorted JSON of the phase, its version, the parameters that matter and the upstream ids.

    neutral: parameters that were added after the phase's version was set, with the value that means "as before": a
    parameter at that value stays out, so a run that leaves it there keeps the identity it had.
    """
    neutral = neutral or {}
    kept = {k: v for k, v in params.items() if k not in neutral or v != neutral[k]}
    content = {"phase": phase, "version": VERSIONS[phase], "params": kept, "upstream": upstream}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def make_run(
    phase: str,
    name: str,
    params: dict[str, Any],
    upstream: dict[str, str],
    labels: Labels,
    passed: dict[str, Any] | None = None,
    neutral: Mapping[str, object] | None = None,
) -> Run:
    """A run with its identity; the name is reduced to what is safe in a folder's name. neutral: see `identity`."""
    slug = re.sub(r"[^A-Za-z0-9.+_-]+", "-", name)[:80].strip("-.")
    return Run(phase, slug, params, upstream, identity(phase, params, upstream, neutral), labels, passed or {})


def trained_on(params: Mapping) -> list[str]:
    """Names of the tasks whose training data a run reads, in whatever language."""
    tasks = [params["train_task"]] if params.get("train_task") else params.get("tasks") or []
    return [task if isinstance(task, str) else task["task"] for task in tasks]
