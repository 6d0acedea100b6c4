"""Which weights of a training are kept: the last, the best on English dev data, or an average; and what each gives."""

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from transformers import TrainerCallback

from xtl.base.errors import UserError
from xtl.base.files import replacing, write_json

SNAPSHOTS = 10  # evenly spaced, that selection looks at

Score = Callable[[nn.Module], float]
Test = Callable[[nn.Module], list[dict[str, Any]]]  # rows target, language, metric, value (points) and n


def evenly(steps: int) -> frozenset[int]:
    """The steps at which a training of so many is looked at: ten of them, the last step among them (fewer of fewer).

    >>> sorted(evenly(25))
    [3, 5, 8, 10, 13, 15, 18, 20, 23, 25]
    """
    return frozenset(-(-steps * part // SNAPSHOTS) for part in range(1, SNAPSHOTS + 1))


class Selection(TrainerCallback):
    """Looks at the weights of ten evenly spaced steps, once at each, for the rule that chooses among them.

    Args:
        rule: last, english_dev (the best on English dev examples) or average (the mean of all, Schmidt et al. 2023,
            arXiv 2305.16834).
        folder: the run's folder; what is kept lies in `snapshots/` below it, for a training that is interrupted.
        steps: of the training.
        dev: the score on English dev examples; None where there are none.
        test: asked at every snapshot, where the outcomes of all rules are wanted.
    Raises UserError where there is nothing to select on.
    """

    def __init__(self, rule: str, folder: Path, steps: int, dev: Score | None = None, test: Test | None = None):
        if rule == "english_dev" and not dev:
            raise UserError("selection english_dev: no task of this training has English development examples.")
        self.rule = rule
        self.folder = folder / "snapshots"
        self.steps = evenly(steps) if rule != "last" or test else frozenset()
        self.dev = dev
        self.test = test

    def history(self) -> list[dict[str, Any]]:
        """What was noted so far, {"step", "dev", "test"} for each snapshot."""
        path = self.folder / "history.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else []

    def reaches(self, step: int) -> bool:
        """Whether all that a training up to a step should have kept is here and can be read."""
        due = {number for number in self.steps if number <= step}
        try:
            noted = {note["step"] for note in self.history()}
            averaged = set(self._mean()["steps"])
        except Exception:  # what json and torch raise of files that are cut short is of many kinds
            return False
        if not due <= noted or ((self.rule == "average" or self.test) and not due <= averaged):
            return False
        return self.rule != "english_dev" or not due or zipfile.is_zipfile(self.folder / "best.pt")

    def _mean(self) -> dict[str, Any]:
        """The mean of the weights so far, with its steps."""
        path = self.folder / "mean.pt"
        return torch.load(path, weights_only=True) if path.is_file() else {"steps": [], "mean": {}}

    def on_step_end(self, args, state, control, model=None, **kwargs):
        """Look at the weights of now, unless a training that was interrupted later has done it before."""
        step = state.global_step
        history = self.history()
        if step not in self.steps or any(note["step"] == step for note in history):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        model.eval()
        dev = float(self.dev(model)) if self.dev else None
        best = max((note["dev"] for note in history if note["dev"] is not None), default=-np.inf)
        if self.rule == "english_dev" and dev is not None and dev > best:
            with replacing(self.folder / "best.pt") as temporary:
                torch.save(model.state_dict(), temporary)
        if self.rule == "average" or self.test:
            self._average(model, step)
        test = self.test(model) if self.test else []
        model.train()
        write_json(self.folder / "history.json", [*history, {"step": step, "dev": dev, "test": test}])

    def _average(self, model: nn.Module, step: int) -> None:
        """Take the weights of now into the mean, in double precision."""
        before = self._mean()
        if step in before["steps"]:  # taken in before an interruption that came before the note
            return
        steps = [*before["steps"], step]
        mean = {}
        for name, weight in model.state_dict().items():
            weight = weight.detach().cpu()
            if weight.is_floating_point():
                weight = weight.double()
                if name in before["mean"]:
                    weight = before["mean"][name] + (weight - before["mean"][name]) / len(steps)
            mean[name] = weight
        with replacing(self.folder / "mean.pt") as temporary:
            torch.save({"steps": steps, "mean": mean}, temporary)

    def averaged(self, model: nn.Module) -> list[dict[str, Any]]:
        """The test scores of the mean of all weights; the model has its own again afterwards."""
        if not self.test:
            return []
        weights = {name: weight.clone() for name, weight in model.state_dict().items()}
        self._load_mean(model)
        model.eval()
        rows = self.test(model)
        model.load_state_dict(weights)
        return rows

    def choose(self, model: nn.Module) -> tuple[str, dict[str, Any]]:
        """Load the weights that the rule chooses into the model; its name with the step, and facts about the choice."""
        if self.rule == "average":
            return "average", {"averaged_steps": self._load_mean(model)}
        if self.rule == "english_dev":
            history = self.history()
            best = max(history, key=lambda note: (note["dev"], -note["step"]))  # the first of equals
            model.load_state_dict(torch.load(self.folder / "best.pt", weights_only=True))
            scores = [{"step": note["step"], "score": note["dev"]} for note in history]
            return f"english_dev@{best['step']}", {"english_dev": scores}
        return self.rule, {}

    def _load_mean(self, model: nn.Module) -> list[int]:
        """Load the mean into the model; return the steps that it is the mean of."""
        kept = self._mean()
        types = {name: weight.dtype for name, weight in model.state_dict().items()}
        model.load_state_dict({name: weight.to(types[name]) for name, weight in kept["mean"].items()})
        return kept["steps"]

    def clear(self) -> None:
        """Remove what was kept."""
        shutil.rmtree(self.folder, ignore_errors=True)


def outcomes(
    history: Sequence[Mapping[str, Any]], average: list[dict[str, Any]], score: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """What every rule of selection gives in every language, from what `Selection` noted.

    The oracle takes in each language the snapshot with the best test score, so it is a bound and never zero-shot;
    `english_dev` the one with the best English development score, the first of equals; `average` is the mean of all
    snapshots' weights. Keung et al. 2020 (arXiv 2004.15001) show how far the first two may lie apart.

    Args:
        history: entries {"step", "dev", "test"}; rows of `test` and `average` are {target, language, metric, value, n}.
        score: target -> the metrics whose mean is its score.

    Returns:
        these rows with `selection`: last, english_dev, average or oracle, the chosen step behind an @ where one is;
        `zero_shot` is False in the oracle's.
    """
    tests = {entry["step"]: pd.DataFrame(entry["test"]) for entry in history}
    last = tests[max(tests)]
    chosen = [last.assign(selection="last"), pd.DataFrame(average).assign(selection="average")]
    if all(entry["dev"] is not None for entry in history):
        best = max(history, key=lambda entry: (entry["dev"], -entry["step"]))["step"]
        chosen.append(tests[best].assign(selection=f"english_dev@{best}"))
    for (target, language), _ in last.groupby(["target", "language"], sort=False):
        rows = {step: test[(test.target == target) & (test.language == language)] for step, test in tests.items()}
        means = {step: test[test.metric.isin(score[target])].value.mean() for step, test in rows.items()}
        best = max(means, key=lambda step: (means[step], -step))
        chosen.append(rows[best].assign(selection=f"oracle@{best}", zero_shot=False))
    return pd.concat(chosen, ignore_index=True)
