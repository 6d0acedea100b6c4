"""The sections of a report that say where its numbers come from: encoders, shortcuts, recipe, what is missing, runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd

from xtl.analysis import wording
from xtl.analysis.scores import provenance
from xtl.analysis.scores.correlations import UNKNOWN
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import anchor, block, cell, frame, parts, section, table
from xtl.runs.record import RunRecord
from xtl.tasks.catalog import TASKS

NAMES = {
    "parameters_outside_embeddings": "outside embeddings", "flops": "FLOPs", "seconds": "training seconds",
    "tokens_seen": "tokens seen", "predicted_tokens": "predicted tokens", "heldout_loss": "held-out loss",
}  # fmt: skip
LOSSES = (
    "Held-out loss is in nats per predicted token. Permutation and masked language modelling condition on different "
    "tokens, so their losses do not compare."
)

SUBMISSIONS = (
    "The benchmark's submission files of every encoder, intermediate and seed lie beside this page in submissions/; "
    "`xtl score` scores such a folder."
)


def encoders(records: Mapping[str, RunRecord], names: Sequence[str]) -> dict:
    """What the encoders that were pretrained here cost, and what each pair of encoders differs in."""
    costs, contrasts = provenance.pretrained(records), provenance.contrasts(records, names)
    if costs.empty:
        return section("encoders", "Encoders", block(items=contrasts))
    shown = costs.map(lambda value: value if isinstance(value, str) else wording.amount(value)).rename(columns=NAMES)
    matched = frame("Encoders pretrained here, the mean over seeds", shown, [LOSSES])
    return section("encoders", "Encoders", block(items=contrasts, tables=[matched]))


def vocabulary(main: pd.DataFrame, names: Sequence[str]) -> dict:
    """Unknown pieces and fertility of every encoder's vocabulary in every language, the mean over targets."""
    if "unknown" not in main or main["unknown"].isna().all():
        return section("vocabulary", "Vocabularies")
    known = main[main["intermediate"] == BASELINE].dropna(subset=["unknown"])
    mean = known.groupby(["language", "encoder"])[["unknown", "fertility"]].mean()
    rows = []
    for code in dict.fromkeys(known["language"]):
        row = [code]
        for name in names:
            if (code, name) not in mean.index:
                row += ["—", "—"]
                continue
            share, fertility = mean.loc[(code, name)]
            row += [cell(f"{100 * share:.1f} %", kind="failed" if share > UNKNOWN else ""), wording.decimals(fertility)]
        rows.append(row)
    columns = ["language", *(f"{name}: {what}" for name in names for what in ("unknown", "fertility"))]
    note = (
        "Share of a text's pieces that are the unknown token, and pieces per word parted by white space, in the first "
        f"test examples of every target. Above {UNKNOWN:.0%} (marked) a language stays out of all correlations."
    )
    shown = table("Vocabularies by language", columns, rows, [note])
    return section("vocabulary", "Vocabularies", block(tables=[shown]))


def shortcuts(baselines: pd.DataFrame | None, main: pd.DataFrame, names: Sequence[str]) -> dict:
    """The laboratory's shortcut baselines beside every encoder's score in the source language.

    baselines: target, baseline, points; main: tables.main_scores. A target without the source language (retrieval) is
    compared by its mean over languages.
    """
    if baselines is None or baselines.empty:
        return section("baselines", "Shortcut baselines")
    plain = main[main["intermediate"] == BASELINE]
    own, key = plain[plain["language"] == plain["source"]], ["target", "encoder"]
    best = own.groupby(key)["score"].mean().combine_first(plain.groupby(key)["score"].mean())
    rows = [
        [r.target, r.baseline, wording.points(r.points, False)]
        + [wording.points(best.get((r.target, name), float("nan")), False) for name in names]
        for r in baselines.itertuples()
    ]
    note = "What shortcuts reach without understanding, beside every encoder's score without intermediate training."
    if any("(F1)" in text for text in baselines["baseline"]):
        note += (
            " Of questions the shortcut is given in F1, the encoders in the mean of exact match and F1, which is lower."
        )
    caption = "Shortcuts and encoders in the source language; retrieval: mean over languages (points)"
    shown = table(caption, ["target", "baseline", "points", *names], rows, [note])
    return section("baselines", "Shortcut baselines", block(tables=[shown]))


def recipe(data: Mapping, cells: pd.DataFrame, scores: pd.DataFrame, records: Mapping[str, RunRecord]) -> dict:
    """Data, seeds, targets with the definition of their scores, and training parameters."""
    if data["kind"] == "lab":
        source = "the laboratory, " + ", ".join(f"{key} {value}" for key, value in data.items() if key != "kind")
    else:
        pins = data.get("revisions")
        source = "the Hugging Face Hub or its local mirror" + (f", pinned: {json.dumps(pins)}" if pins else "")
    text = [
        f"Data: {source}.",
        f"Seeds: {', '.join(str(seed) for seed in sorted(set(cells['seed'])))}. A seed changes pretraining (where it "
        "happens here), fine-tuning and the order of data.",
        f"Target training in {', '.join(dict.fromkeys(cells['source']))}; every other language is zero-shot"
        + (", but where it had shots." if "shots" in scores and scores["shots"].gt(0).any() else "."),
    ]
    targets = provenance.targets(scores, records, list(dict.fromkeys(cells["target"])), TASKS)
    if data["kind"] == "lab":
        targets = targets.rename(columns={"task": "made in the form of", "citation": "form cited"})
    tables = [
        frame("Targets: what the score is and where it comes from", targets),
        frame("Training parameters (several values: runs differ)", provenance.parameters(records)),
    ]
    return section("recipe", "Recipe", block(text=text, tables=tables))


def missing(main: pd.DataFrame, records: Mapping[str, RunRecord], unavailable: pd.DataFrame | None) -> dict:
    """Scores without a value, runs that ended otherwise than done, languages that the data source lacks."""
    blocks, lacking = [], main[main["score"].isna()]
    if len(lacking):
        rows = []
        for key, here in parts(lacking, ["encoder", "intermediate", "target", "status"]):
            codes = dict.fromkeys(here["language"].dropna()) if key[-1] == "done" else ["all"]
            rows.append([*key, ", ".join(str(seed) for seed in dict.fromkeys(here["seed"])), " ".join(codes)])
        done = int((lacking["status"] == "done").sum())
        text = f"{len(lacking)} scores are missing, {done} of them from runs that are done."
        columns = ["encoder", "intermediate", "target", "run", "seeds", "languages"]
        blocks.append(block(text=[text], tables=[table("Missing scores", columns, rows)]))
    ended = provenance.runs(records).query("state not in ('done', 'absent')")
    if len(ended):
        rows = [[r.name, cell(r.state, kind="failed"), r.error or wording.DASH] for r in ended.itertuples(index=False)]
        blocks.append(block(tables=[table("Runs that are not done", ["run", "state", "error"], rows)]))
    if unavailable is not None and len(unavailable):
        rows = [[key[0], len(here), " ".join(here["language"])] for key, here in parts(unavailable, ["target"])]
        caption = "Languages that the benchmark lists and this data source lacks"
        blocks.append(block(tables=[table(caption, ["target", "count", "languages"], rows)]))
    nothing = "Nothing: every run is done and every language of every target has a score."
    return section("missing", "What is missing", *(blocks or [block(text=[nothing])]))


def runs(records: Mapping[str, RunRecord]) -> dict:
    """The plan by phase and state, every run with a link to its notebook, versions and devices."""
    plan = provenance.plan(records)
    plan["seconds"] = plan["seconds"].map(wording.duration)
    rows = [
        [
            cell(r.name, runs=[r.id], name=anchor(r.id)),
            r.phase,
            cell(r.state, kind="" if r.state == "done" else "failed"),
        ]
        + [wording.duration(r.seconds), r.error]
        for r in provenance.runs(records).itertuples(index=False)
    ]
    versions, mixed = provenance.machines(records)
    tables = [
        frame("Plan: runs by phase and state", plan.rename(columns={"seconds": "time of finished runs"})),
        table("Every run; its name opens the notebook", ["run", "phase", "state", "duration", "error"], rows),
        frame("Versions and devices of the finished runs", versions),
    ]
    mixed = [*mixed, SUBMISSIONS] if (plan["phase"] == "target").any() else mixed
    return section("runs", "Runs", block(text=mixed, tables=tables))
