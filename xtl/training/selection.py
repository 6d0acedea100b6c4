"""Which weights of a training are kept: the last, the best on English dev data, or an average; and what each gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import TrainerCallback

SNAPSHOTS = 10  # evenly spaced, that selection looks at


def evenly(steps: int) -> frozenset[int]:
    """The steps at which a training of so many is looked at: ten of them, the last step among them (fewer of fewer)."""
    return frozenset(-(-steps * part // SNAPSHOTS) for part in range(1, SNAPSHOTS + 1))


class Snapshots(TrainerCallback):
    """Something done with the weights of evenly spaced steps and of the last one; done once for each of them."""

    def __init__(self, folder: Path, at: frozenset[int]):
        self.folder, self.at = Path(folder), at
        self.note = self.folder / "history.json"

    def history(self) -> list[dict]:
        """What was noted so far, a dict with `step` for each snapshot."""
        return json.loads(self.note.read_text()) if self.note.is_file() else []

    def on_step_end(self, args, state, control, model=None, **kwargs):
        """Look at the weights of now, unless a training that was interrupted later has done it before."""
        if state.global_step not in self.at:
            return
        history = self.history()
        if any(entry["step"] == state.global_step for entry in history):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        model.eval()
        entry = {"step": state.global_step, **self.look(model, state.global_step, history)}
        model.train()
        self.note.write_text(json.dumps([*history, entry]))

    def look(self, model, step: int, history: list[dict]) -> dict:
        """What to note of the weights of now."""
        raise NotImplementedError


class Best(Snapshots):
    """Keeps the weights with the best score on English dev examples."""

    def __init__(self, folder: Path, at: frozenset[int], evaluate: Callable[[object], float]):
        super().__init__(Path(folder) / "best", at)
        self.evaluate = evaluate

    def look(self, model, step: int, history: list[dict]) -> dict:
        """The score; the weights are kept if none before were better."""
        score = float(self.evaluate(model))
        if score > max((entry["score"] for entry in history), default=-np.inf):
            torch.save(model.state_dict(), self.folder / "weights.pt")
        return {"score": score}

    def restore(self, model) -> dict:
        """Load the best weights into the model; return their step and score."""
        model.load_state_dict(torch.load(self.folder / "weights.pt", weights_only=True))
        return max(self.history(), key=lambda entry: (entry["score"], -entry["step"]))


class Average(Snapshots):
    """Keeps the mean of the weights of all snapshots (Schmidt et al. 2023, arXiv 2305.16834)."""

    def __init__(self, folder: Path, at: frozenset[int]):
        super().__init__(Path(folder) / "average", at)

    def look(self, model, step: int, history: list[dict]) -> dict:
        """Take the weights of now into the mean, in double precision."""
        path = self.folder / "mean.pt"
        kept = torch.load(path, weights_only=True) if path.is_file() else {"steps": [], "mean": {}}
        if step in kept["steps"]:  # taken in before an interruption that came before the note
            return {}
        steps, mean = [*kept["steps"], step], {}
        for name, value in model.state_dict().items():
            value = value.detach().cpu()
            if value.is_floating_point():
                value = value.double()
                value = kept["mean"][name] + (value - kept["mean"][name]) / len(steps) if kept["steps"] else value
            mean[name] = value
        partial = path.with_suffix(".partial")
        torch.save({"steps": steps, "mean": mean}, partial)
        partial.replace(path)
        return {}

    def restore(self, model) -> list[int]:
        """Load the mean into the model; return the steps that it is the mean of."""
        kept = torch.load(self.folder / "mean.pt", weights_only=True)
        own = model.state_dict()
        model.load_state_dict({name: value.to(own[name].dtype) for name, value in kept["mean"].items()})
        return kept["steps"]


class Watch(Snapshots):
    """Notes what every snapshot scores on English dev examples and on the tests of all languages."""

    def __init__(self, folder: Path, at: frozenset[int], dev: Callable | None, test: Callable[[object], list[dict]]):
        super().__init__(Path(folder) / "watch", at)
        self.dev, self.test = dev, test

    def look(self, model, step: int, history: list[dict]) -> dict:
        """Both scores."""
        return {"dev": float(self.dev(model)) if self.dev else None, "test": self.test(model)}


def outcomes(history: Sequence[Mapping], average: list[dict], score: Mapping[str, Sequence[str]]) -> list[dict]:
    """What every rule of selection gives in every language, from what `Watch` noted.

    The oracle takes in each language the snapshot with the best test score, so it is a bound and never zero-shot;
    `english_dev` the one with the best English development score, the first of equals; `average` is the mean of all
    snapshots' weights. Keung et al. 2020 (arXiv 2004.15001) show how far the first two may lie apart.

    Args:
        history: entries {"step", "dev", "test"}; rows of `test` and `average` are {target, language, metric, value, n}.
        score: target -> the metrics whose mean is its score.
    Returns rows with `selection`: last, english_dev, average or oracle, the chosen step behind an @ where one is.
    """
    last = max(history, key=lambda entry: entry["step"])
    rows = [{**row, "selection": "last"} for row in last["test"]]
    rows += [{**row, "selection": "average"} for row in average]
    if all(entry["dev"] is not None for entry in history):
        best = max(history, key=lambda entry: (entry["dev"], -entry["step"]))
        rows += [{**row, "selection": f"english_dev@{best['step']}"} for row in best["test"]]
    for target, language in dict.fromkeys((row["target"], row["language"]) for row in last["test"]):
        found = {
            entry["step"]: [row for row in entry["test"] if (row["target"], row["language"]) == (target, language)]
            for entry in history
        }
        means = {
            step: np.mean([row["value"] for row in here if row["metric"] in score[target]])
            for step, here in found.items()
        }
        step = max(means, key=lambda step: (means[step], -step))
        rows += [{**row, "selection": f"oracle@{step}", "zero_shot": False} for row in found[step]]
    return rows
