"""Where the numbers of a report come from: pretraining, vocabularies, shortcuts, recipe, what is missing, runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xtl.analysis import wording
from xtl.analysis.results import Results
from xtl.analysis.scores import provenance
from xtl.analysis.scores.correlations import UNKNOWN
from xtl.analysis.scores.tables import BASELINE
from xtl.analysis.section import Block, Section, Table, anchor, block, cell, frame, parts, section, table
from xtl.analysis.statistics.components import components

NAMES = {
    "parameters_outside_embeddings": "outside embeddings", "flops": "FLOPs", "seconds": "training seconds",
    "tokens_seen": "tokens seen", "predicted_tokens": "predicted tokens", "heldout_loss": "held-out loss",
}  # fmt: skip
LOSSES = (
    "Held-out loss is in nats per predicted token. Permutation and masked language modelling condition on different "
    "tokens, so their losses do not compare."
)
VARIANCE = (
    "Of the mean gain over targets of a single run, in points: standard deviations between pretrainings and between "
    "fine-tunings of one pretraining, and the share of the first in the variance with a 95 % interval (one-way random "
    "effects by analysis of variance). 0 where pretrainings differ no more than fine-tunings do. A finished checkpoint "
    "is one pretraining. Everywhere else a pretraining is one value, the mean over its fine-tunings."
)
SUBMISSIONS = (
    "The benchmark's submission files of every encoder, intermediate and seed lie beside this page in submissions/; "
    "`xtl score` scores such a folder."
)
SHORTCUTS = "What shortcuts reach without understanding, beside every encoder's score without intermediate training."
SHORTCUT_F1 = (
    "Of questions the shortcut is given in F1, the encoders in the mean of exact match and F1, which is lower."
)


def pretraining(results: Results) -> Section:
    """What the encoders that were pretrained here cost, and what each pair of encoders differs in."""
    costs = provenance.pretrained(results.records)
    contrasts = provenance.contrasts(results.records, results.encoders)
    tables = []
    if not costs.empty:
        shown = costs.map(lambda value: value if isinstance(value, str) else wording.amount(value))
        shown = shown.rename(columns=NAMES)
        tables.append(frame("Encoders pretrained here, the mean over seeds", shown, [LOSSES]))
    tables += _variance(results)
    return section(
        "pretraining", "Encoders and their pretraining", block(text=results.unit, items=contrasts, tables=tables)
    )


def _variance(results: Results) -> list[Table]:
    """How far mean gains scatter between pretrainings and between fine-tunings of one; none without crossed seeds."""
    here = provenance.pretrained_here(results.records)
    rows = []
    for (encoder, intermediate), gains in parts(results.run_gains, ["encoder", "intermediate"]):
        groups = [gains["gain"]]  # a finished checkpoint is one instance
        if encoder in here:
            groups = [own["gain"] for _, own in gains.groupby("seed", sort=False)]
        found = components(groups)
        between = wording.decimals(float(np.sqrt(max(found.between, 0.0))))
        share = wording.DASH
        if np.isfinite(found.share):
            share = f"{100 * found.share:.0f} % ({100 * found.low:.0f} to {100 * found.high:.0f})"
        rows.append([
            intermediate, encoder, "pretraining" if encoder in here else "fine-tuning", found.groups, found.values,
            between if np.isfinite(found.between) else wording.DASH, wording.decimals(float(np.sqrt(found.within))),
            share,
        ])  # fmt: skip
    if not rows:
        return []
    columns = "intermediate,encoder,unit,pretrainings,runs,sd pretraining,sd fine-tuning,share of pretraining"
    return [table("What scatters in the mean gain: pretraining or fine-tuning", columns.split(","), rows, [VARIANCE])]


def vocabulary(results: Results) -> Section:
    """Unknown pieces and fertility of every encoder's vocabulary in every language, the mean over targets."""
    main = results.main
    if "unknown" not in main or main["unknown"].isna().all():
        return section("vocabulary", "Vocabularies")
    measured = main[main["intermediate"] == BASELINE].dropna(subset=["unknown"])
    mean = measured.groupby(["language", "encoder"])[["unknown", "fertility"]].mean()
    rows = []
    for code in dict.fromkeys(measured["language"]):
        row = [code]
        for name in results.encoders:
            if (code, name) not in mean.index:
                row += ["—", "—"]
                continue
            share, fertility = mean.loc[(code, name)]
            row += [cell(f"{100 * share:.1f} %", kind="failed" if share > UNKNOWN else ""), wording.decimals(fertility)]
        rows.append(row)
    columns = ["language", *(f"{name}: {what}" for name in results.encoders for what in ("unknown", "fertility"))]
    note = (
        "Share of a text's pieces that are the unknown token, and pieces per word parted by white space, in the first "
        f"test examples of every target. Above {UNKNOWN:.0%} (marked) a language stays out of all correlations."
    )
    numbers = table("Vocabularies by language", columns, rows, [note])
    return section("vocabulary", "Vocabularies", block(tables=[numbers]))


def shortcuts(results: Results) -> Section:
    """The laboratory's shortcut baselines beside every encoder's score in the source language.

    A target without the source language (retrieval) is compared by its mean over languages.
    """
    if results.shortcuts is None or results.shortcuts.empty:
        return section("shortcuts", "Shortcut baselines")
    plain = results.main[results.main["intermediate"] == BASELINE]
    key = ["target", "encoder"]
    in_source = plain[plain["language"] == plain["source"]].groupby(key)["score"].mean()
    best = in_source.combine_first(plain.groupby(key)["score"].mean())
    rows = []
    for r in results.shortcuts.itertuples():
        scores = [wording.points(best.get((r.target, name), float("nan")), False) for name in results.encoders]
        rows.append([r.target, r.baseline, wording.points(r.points, False), *scores])
    notes = [SHORTCUTS]
    if any("(F1)" in text for text in results.shortcuts["baseline"]):
        notes.append(SHORTCUT_F1)
    caption = "Shortcuts and encoders in the source language; retrieval: mean over languages (points)"
    numbers = table(caption, ["target", "baseline", "points", *results.encoders], rows, notes)
    return section("shortcuts", "Shortcut baselines", block(tables=[numbers]))


def recipe(results: Results) -> Section:
    """Data, seeds, targets with the definition of their scores, and training parameters."""
    shots = "shots" in results.rows and results.rows["shots"].gt(0).any()
    seeds = ", ".join(str(seed) for seed in sorted(set(results.cells["seed"])))
    text = [
        f"Data: {results.data.describe()}.",
        f"Seeds: {seeds}. A seed changes pretraining (where it happens here), fine-tuning and the order of data.",
        *results.unit,
        f"Target training in {', '.join(dict.fromkeys(results.cells['source']))}; every other language is zero-shot"
        + (", but where it had shots." if shots else "."),
    ]
    targets = provenance.targets(results.rows, results.records, list(dict.fromkeys(results.cells["target"])))
    if results.data.made:
        targets = targets.rename(columns={"task": "made in the form of", "citation": "form cited"})
    tables = [
        frame("Targets: what the score is and where it comes from", targets),
        frame("Training parameters (several values: runs differ)", provenance.parameters(results.records)),
    ]
    return section("recipe", "Recipe", block(text=text, tables=tables))


def missing(results: Results) -> Section:
    """Scores without a value, runs that are not done, and what is left out: languages, rows, what reads no folder."""
    blocks = [_missing_scores(results.main), _unfinished(results), _unavailable(results), _left_out(results)]
    blocks.append(block(text=[f"Left out: {sentence}" for sentence in results.left_out]))
    if all(part.empty for part in blocks):
        nothing = "Nothing: every run is done and every language of every target has a score."
        blocks = [block(text=[nothing])]
    return section("missing", "What is missing", *blocks)


def _missing_scores(main: pd.DataFrame) -> Block:
    lacking = main[main["score"].isna()]
    if lacking.empty:
        return block()
    rows = []
    for key, cells in parts(lacking, ["encoder", "intermediate", "target", "status"]):
        codes = " ".join(dict.fromkeys(cells["language"].dropna())) if key[-1] == "done" else "all"
        rows.append([*key, ", ".join(str(seed) for seed in dict.fromkeys(cells["seed"])), codes])
    done = int((lacking["status"] == "done").sum())
    text = f"{len(lacking)} scores are missing, {done} of them from runs that are done."
    columns = ["encoder", "intermediate", "target", "run", "seeds", "languages"]
    return block(text=[text], tables=[table("Missing scores", columns, rows)])


def _unfinished(results: Results) -> Block:
    ended = results.runs.query("state not in ('done', 'absent')")
    if ended.empty:
        return block()
    rows = [[r.name, cell(r.state, kind="failed"), r.error or wording.DASH] for r in ended.itertuples(index=False)]
    return block(tables=[table("Runs that are not done", ["run", "state", "error"], rows)])


def _unavailable(results: Results) -> Block:
    unavailable = results.unavailable
    if unavailable is None or unavailable.empty:
        return block()
    rows = [[key[0], len(cells), " ".join(cells["language"])] for key, cells in parts(unavailable, ["target"])]
    caption = "Languages that the benchmark lists and this data source lacks"
    return block(tables=[table(caption, ["target", "count", "languages"], rows)])


def _left_out(results: Results) -> Block:
    counts = provenance.left_out(results.records)
    if not counts:
        return block()
    caption = "Damaged rows that the grid leaves out (rows: skip)"
    return block(tables=[table(caption, ["data set, config and split", "rows"], [list(row) for row in counts.items()])])


def runs(results: Results) -> Section:
    """The plan by phase and state, every run with a link to its notebook, versions and devices."""
    plan = provenance.plan(results.records)
    plan["seconds"] = plan["seconds"].map(wording.duration)
    rows = []
    for r in results.runs.itertuples(index=False):
        state = cell(r.state, kind="" if r.state == "done" else "failed")
        name = cell(r.name, runs=[r.id], name=anchor(r.id))
        rows.append([name, r.phase, state, wording.duration(r.seconds), r.error])
    versions, text = provenance.machines(results.records)
    tables = [
        frame("Plan: runs by phase and state", plan.rename(columns={"seconds": "time of finished runs"})),
        table("Every run; its name opens the notebook", ["run", "phase", "state", "duration", "error"], rows),
        frame("Versions and devices of the finished runs", versions),
    ]
    if (plan["phase"] == "target").any():
        text = [*text, SUBMISSIONS]
    return section("runs", "Runs", block(text=text, tables=tables))
