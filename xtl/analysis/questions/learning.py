"""Runs that did not learn: how many by encoder and task, and what the means are without them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from xtl.analysis import wording
from xtl.analysis.results import Results
from xtl.analysis.scores.finetunings import behind
from xtl.analysis.scores.tables import BASELINE, CELL
from xtl.analysis.section import Section, Table, block, cell, parts, section, table
from xtl.runs.record import RunRecord

TITLE = "Runs that did not learn"
METHOD = (
    "A run did not learn where no more of its decisions on English development data are right than luck gives a model "
    "that always answers the same, or guesses (upper end of the 95 % binomial interval): the most frequent label or "
    "tag, a guess among the choices, no answer or a guessed span."
)
KEPT = (
    "Every mean of this report includes these runs. Without them: cells are left out whose own training, or whose "
    "intermediate training, did not learn; of a gain, also those whose baseline did not. The mean is over targets of "
    "the mean over the seeds that are left."
)


def learning(results: Results) -> Section:
    """Which trainings ended no better than one answer; empty where every run learned, or none was judged."""
    judged = judgements(results.records)
    lost = judged[~judged["learned"]] if len(judged) else judged
    if lost.empty:
        return section("learning", TITLE)
    text = [counted(results.records), *without(results)]
    scores = [_scores(results)] if affected(results) else []
    return section("learning", TITLE, block(text=text, tables=[_counts(judged), *scores], notes=[METHOD, KEPT]))


def judgements(records: Mapping[str, RunRecord]) -> pd.DataFrame:
    """A row for every finished training and task: encoder, phase, task, learned, right, decisions, limit, rule, run."""
    rows = []
    for record in records.values():
        for judged in record.facts.get("learning", []) if record.done else []:
            known = {"encoder": record.labels.encoder, "phase": record.phase, "run": record.id}
            rows.append({**known, **judged})
    return pd.DataFrame(rows)


def counted(records: Mapping[str, RunRecord]) -> str:
    """How many runs of results did not learn, by encoder and task; empty where all did. Trials do not count."""
    judged = judgements(records)
    if judged.empty or judged["learned"].all():
        return ""
    results = judged[judged["phase"] != "trial"]
    lost = results[~results["learned"]]
    trials = judged[(judged["phase"] == "trial") & ~judged["learned"]]["run"].nunique()
    beside = f"{trials} trials did not learn" if trials else ""
    if lost.empty:
        return f"{'Every run of the results learned; ' if len(results) else ''}{beside}."
    places = [f"{encoder} {task} {len(rows)}" for (encoder, task), rows in parts(lost, ["encoder", "task"])]
    ending = f"; besides, {beside}" if beside else ""
    runs = results["run"].nunique()
    return f"{lost['run'].nunique()} of {runs} runs that train did not learn ({', '.join(places)}){ending}."


def affected(results: Results) -> set[str]:
    """Ids of the target runs whose own training, or whose intermediate training, did not learn."""
    lost = set()
    for record in results.records.values():
        before = results.records.get(record.upstream.get("checkpoint", ""))
        if record.phase == "target" and (record.unlearned or (before and before.unlearned)):
            lost.add(record.id)
    return lost


def _touched(results: Results, identities: pd.Series) -> pd.Series:
    """Which of the run ids of results.units name a run that is `affected`."""
    lost = affected(results)
    return identities.map(lambda identity: not lost.isdisjoint(behind(identity))).astype(bool)


def without(results: Results) -> list[str]:
    """What the mean gain is without such runs, a sentence for each encoder and intermediate that has some."""
    key = [*CELL, "seed"]
    runs = _touched(results, results.units.set_index(key)["run_id"])
    gains = results.task_gains[~results.task_gains["same_data"].astype(bool)]
    sentences = []
    for (encoder, name), rows in parts(gains, ["encoder", "intermediate"]) if len(gains) else []:
        own = pd.Index(rows[key])
        plain = pd.Index(rows.assign(intermediate=BASELINE)[key])
        lost = runs.reindex(own).fillna(False).to_numpy(bool) | runs.reindex(plain).fillna(False).to_numpy(bool)
        if not lost.any():
            continue
        whole = wording.points(_mean(rows))
        kept = rows[~lost]
        left = "without them none is left"
        if len(kept):
            targets = f"{kept['target'].nunique()} of {rows['target'].nunique()} targets"
            left = f"{wording.points(_mean(kept))} without ({targets})"
        sentences.append(f"Mean gain of {name} for {encoder}, runs that did not learn included: {whole}; {left}.")
    return sentences


def _mean(rows: pd.DataFrame) -> float:
    """The mean over targets of each one's mean over seeds."""
    return float(rows.groupby("target")["gain"].mean().mean())


def _counts(judged: pd.DataFrame) -> Table:
    rows = []
    for (phase, task, encoder), runs in parts(judged, ["phase", "task", "encoder"]):
        lost = runs[~runs["learned"]]
        count = cell(len(lost), kind="failed" if len(lost) else "", runs=lost["run"])
        worst = runs.loc[(runs["right"] - runs["limit"]).idxmin()]
        share = f"{100 * worst['right'] / worst['decisions']:.1f}"
        rows.append([phase, task, encoder, len(runs), count, share, f"{100 * worst['rate']:.1f}", worst["rule"]])
    columns = ["phase", "task", "encoder", "runs", "did not learn", "worst: right %", "nothing learned: %", "by"]
    return table("Trainings on English development data", columns, rows)


def _scores(results: Results) -> Table:
    """Mean scores of the cells that have such runs, with them and without."""
    tasks = results.tasks.assign(lost=_touched(results, results.tasks["run_id"]))
    rows = []
    for (target, intermediate, encoder), cells in parts(tasks, ["target", "intermediate", "encoder"]):
        if cells["lost"].any():
            kept = cells[~cells["lost"]]
            scores = [wording.points(part["score"].mean(), False) for part in (cells, kept)]
            rows.append([target, intermediate, encoder, f"{len(kept)} of {len(cells)}", *scores])
    columns = ["target", "intermediate", "encoder", "seeds that learned", "score with all", "score without"]
    return table("Task scores with these runs and without", columns, rows)
