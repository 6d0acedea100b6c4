"""Score tables of the real shape with planted effects, for the tests of the analysis and the report."""

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from xtl.analysis.results import Results
from xtl.lab.world.config import LabConfig
from xtl.runs.record import Labels, RunRecord, State
from xtl.tasks.sources import LabSource

LANGUAGES = ["en", "de", "es", "ru", "hi", "tr", "fi", "ja", "ar", "sw", "th", "vi", "zh"]
TRAINS = {"udpos": 1000, "xquad": 2000, "tatoeba": None, "xnli": 3000, "panx": 1000}
METRICS = {
    "udpos": ("f1", "accuracy"), "panx": ("f1",), "xquad": ("exact_match", "f1"), "tatoeba": ("accuracy",),
    "xnli": ("accuracy",),
}  # fmt: skip
RECIPES = {
    "bert": {"objective": "mlm", "nsp": True, "masking": "static"},
    "roberta": {"objective": "mlm", "nsp": False, "masking": "dynamic"},
    "xlnet": {"objective": "plm", "nsp": False, "masking": "dynamic"},
}


def grid(
    encoders=("bert", "roberta", "xlnet"), seeds=(0, 1, 2), intermediates=("none", "mnli"),
    targets=("udpos", "xquad", "tatoeba"), languages=LANGUAGES, gain=2.0, noise=0.8, layers=4, drop=(), draw=0,
):  # fmt: skip
    """Cells, score rows, records and languages as xtl.open reads them.

    Score = 80 − 4 × (position of the language) + gain for other intermediates than none + noise between seeds; exact
    match is 8 lower. drop: (encoder, intermediate, target, seed) of cells whose run failed. MNLI is the training data
    of xnli: same data. The labels written in the score rows are wrong on purpose: the cell's must win.
    """
    rng = np.random.default_rng(draw)
    cells, rows, records = [], [], {}
    for encoder, seed in itertools.product(encoders, seeds):
        params = {"architecture": encoder, "layers": 3, "recipe": RECIPES[encoder]}
        _record(records, f"p{encoder}{seed}", "pretrain", f"{encoder}-s{seed}", encoder, seed, params)
    for encoder, intermediate, target, seed in itertools.product(encoders, intermediates, targets, seeds):
        name = f"{encoder}-{intermediate}-{target}-s{seed}"
        run_id = hashlib.sha256(name.encode()).hexdigest()[:12]
        failed = (encoder, intermediate, target, seed) in drop
        cells.append({
            "encoder": encoder, "architecture": encoder, "intermediate": intermediate, "target": target,
            "source": "en", "provenance": "native", "seed": seed, "run_id": run_id,
            "same_data": (intermediate, target) == ("mnli", "xnli"), "status": "failed" if failed else "done",
        })  # fmt: skip
        codes = [code for code in languages if (target, code) != ("tatoeba", "en")]
        params = {"train_task": "" if target == "tatoeba" else target, "evaluate": {target: codes}, "epochs": 3}
        _record(records, run_id, "target", name, encoder, seed, params, failed)
        for code in [] if failed else codes:
            base = 80 - 4 * list(languages).index(code) + (gain if intermediate != "none" else 0) + rng.normal(0, noise)
            for metric in METRICS[target]:
                for layer in range(layers) if target == "tatoeba" else [None]:
                    value = base - 8 * (metric == "exact_match") - (5 * abs(layer - 2) if layer is not None else 0)
                    rows.append({
                        "run_id": run_id, "encoder": "other", "architecture": "other", "intermediate": "other",
                        "target": target, "source": "xx", "provenance": "other", "seed": 99, "language": code,
                        "split": "test", "metric": metric, "value": value, "n": 300, "n_train": TRAINS[target],
                        "selection": "last", "layer": layer, "pooling": None if layer is None else "mean",
                        "zero_shot": code != "en", "headline": layer in (None, 2),
                    })  # fmt: skip
    whole = {name: "Int64" for name in ("n", "n_train", "layer", "seed")}
    scores = pd.DataFrame(rows, columns=SCORE_COLUMNS).astype(whole)
    wanted = {target: [c for c in languages if (target, c) != ("tatoeba", "en")] for target in targets}
    return pd.DataFrame(cells), scores, records, wanted


LAB = LabSource(LabConfig(languages=12, sentences=400, train=100, test=20, seed=0))
MADE = ["en", "qaa", "qab", "qac", "qad", "qae", "qaf", "qag", "qah", "qai", "qaj", "qak", "qal"]


def results(data=LAB, languages=MADE, wording="Does it help?", shortcuts=None, attributes=None, **options):
    """Results of synthetic tables, by default of the shape of params/lab.yaml; options: of `grid`.

    attributes: of Results, instead of those.
    """
    cells, rows, records, wanted = grid(languages=languages, **options)
    measure = None if shortcuts is None else lambda: shortcuts
    fields = {"cells": cells, "rows": rows, "records": records, "wanted": wanted, "measure_shortcuts": measure}
    named = {"name": "lab", "wording": wording, "data": data}
    return Results(**(named | fields | (attributes or {})))


SCORE_COLUMNS = (
    "run_id encoder architecture intermediate target source provenance seed language split metric value n n_train "
    "selection layer pooling zero_shot headline"
).split()


def run_record(identity="r", phase="target", slug="run", state=State.DONE, folder=Path("missing"), **known):
    """A record of a run of which only some things matter; encoder: its label."""
    labels = Labels(encoder=known.pop("encoder", ""), seed=known.pop("seed", None))
    known = {"params": {}, "upstream": {}} | known
    return RunRecord(identity, identity, phase, slug, labels=labels, state=state, folder=folder, **known)


def _record(records, identity, phase, slug, encoder, seed, params, failed=False):
    facts = {
        "parameters": 1_200_345, "flops": 3.2e12, "tokens_seen": 2_000_000, "predicted_tokens": 300_000,
        "heldout_loss": 3.21, "architecture": encoder, "train_seconds": 61.5,
    }  # fmt: skip
    records[identity] = run_record(
        identity, phase, slug, State.FAILED if failed else State.DONE, Path(f"missing/{phase}/{slug}-{identity}"),
        encoder=encoder, seed=seed, params=params, seconds=21.4,
        error="ValueError: <b>no</b> such label" if failed else None,
        device={"cpu": "one", "threads": 1, "gpus": []}, versions={"torch": "2.13.0"},
        facts=facts if phase == "pretrain" else {},
    )  # fmt: skip
