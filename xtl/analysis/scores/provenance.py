"""Where the numbers come from: parameters, metric definitions, matched encoders, runs, versions, devices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import combinations

import pandas as pd

from xtl.analysis.scores.tables import headline
from xtl.analysis.wording import DASH
from xtl.runs.record import RunRecord
from xtl.tasks.catalog import METRIC_NAMES, TASKS

HERE, FINISHED = "pretrained here", "finished checkpoints"
PHASES = ("pretrain", "trial", "intermediate", "target", "analysis")
ELSEWHERE = {"data", "inputs", "evaluate", "seed", "hash"}  # parameters that have their own place in the report
DEFINITIONS = {
    ("classification", "accuracy"): ": share of examples with the right label",
    ("classification", "f1"): " of the positive class",
    ("tagging", "f1"): " over spans, all sentences together; of bare tags, equal neighbours are one span, as in XTREME",
    ("tagging", "accuracy"): ": share of tokens with the right tag",
    ("span", "f1"): " (overlap of tokens with the best reference, after the benchmark's normalisation)",
    ("span", "exact_match"): " (answer equal to a reference after the benchmark's normalisation)",
    ("mining", "f1"): " of the mined sentence pairs, at the threshold that is best on the validation pools",
    ("retrieval", "accuracy"): ": share of English sentences whose nearest foreign one by cosine is the right one",
}
# Architectures that compute the same function of weights and inputs (a test of the laboratory compares their logits).
SAME_FUNCTION = {"roberta": "bert"}
# Parameters besides the recipe that two encoders must share to be called matched; a learning rate may be each one's
# own, if an equal search chose it.
RATE = "learning_rate"
SHAPE = (
    "layers",
    "hidden",
    "heads",
    "inner",
    "length",
    "short",
    "long_share",
    "steps",
    "batch_tokens",
    "warmup",
    "weight_decay",
    "precision",
)


def flatten(values: Mapping, prefix: str = "") -> dict[str, object]:
    """Nested parameters as one level with dotted names."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def parameters(records: Mapping[str, RunRecord]) -> pd.DataFrame:
    """One row a parameter, one column a phase, with the value that its runs share, or their different values.

    Data and its digests have their own place and are left out; so is what no run sets.
    """
    columns: dict[str, dict[str, list]] = {}
    for record in records.values():
        known = {key: value for key, value in record.params.items() if key not in ELSEWHERE}
        for name, value in flatten(known).items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if value not in (None, "", []):
                seen = columns.setdefault(name, {}).setdefault(record.phase, [])
                seen += [text] if text not in seen else []
    phases = [phase for phase in PHASES if any(phase in values for values in columns.values())]
    rows = [
        {"parameter": name, **{phase: ", ".join(values.get(phase, [])) or DASH for phase in phases}}
        for name, values in columns.items()
    ]
    return pd.DataFrame(rows, columns=["parameter", *phases])


def targets(
    scores: pd.DataFrame, records: Mapping[str, RunRecord], order: list[str], tasks: Mapping = TASKS
) -> pd.DataFrame:
    """One row a target: the definition of its score, training data and sizes, selection, layer, citation."""
    rows, main = [], headline(scores)
    columns = "target,task,score,trained on,training examples,test examples per language,checkpoint,layer,pooling"
    for name in order:
        task, here = tasks[name], main[main["target"] == name]
        defined = [METRIC_NAMES.get(m, m) + DEFINITIONS.get((task.format, m), "") for m in task.score]
        limit = subset({key: r for key, r in records.items() if name in r.params.get("evaluate", {})})
        rows.append((
            name, task.title, ("" if len(defined) == 1 else "mean of ") + " and ".join(defined),
            task.trains_on or "nothing",
            _range(here.get("n_train")) if task.trains_on else DASH,
            _range(here.get("n")) + (f" (subset, at most {limit})" if limit else ""),
            _values(here.get("selection")), _values(here.get("layer")), _values(here.get("pooling")), task.citation,
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=[*columns.split(","), "citation"])


def _values(column: pd.Series | None) -> str:
    known = [] if column is None else list(dict.fromkeys(str(value) for value in column.dropna() if str(value)))
    return ", ".join(known) or DASH


def _range(column: pd.Series | None) -> str:
    known = pd.Series(dtype=float) if column is None else column.dropna()
    if known.empty:
        return DASH
    low, high = int(known.min()), int(known.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def left_out(records: Mapping[str, RunRecord]) -> dict[str, int]:
    """Data set, config and split -> how many damaged rows of it the runs left out."""
    counts: dict[str, int] = {}
    for record in records.values():
        counts |= record.facts.get("rows_left_out", {})
    return dict(sorted(counts.items()))


def subset(records: Mapping[str, RunRecord]) -> int | None:
    """The largest limit on test examples per language that a target run was given; None if none was limited."""
    limits = [record.params.get("max_eval_examples") for record in records.values() if record.phase == "target"]
    return max((limit for limit in limits if limit), default=None)


def pretrained(records: Mapping[str, RunRecord]) -> pd.DataFrame:
    """One row an encoder that was pretrained here: what it cost and how well it predicts, the mean over its seeds.

    Columns, as far as the runs recorded them: encoder, architecture, seeds, parameters, parameters_outside_embeddings,
    flops, seconds, tokens_seen, predicted_tokens, heldout_loss (nats per predicted token).
    """
    numbers = "parameters parameters_outside_embeddings flops seconds tokens_seen predicted_tokens heldout_loss".split()
    rows = []
    for record in records.values():
        facts = record.facts
        if record.phase == "pretrain" and record.done:
            timing = facts.get("train_seconds", facts.get("seconds", record.seconds))
            rows.append(
                {
                    "encoder": record.labels.encoder or record.slug,
                    "architecture": facts.get("architecture", record.params.get("architecture", "")),
                    **{name: facts.get(name) for name in numbers},
                    "seconds": timing,
                }
            )
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows)
    table[numbers] = table[numbers].astype(float)
    grouped = table.groupby(["encoder", "architecture"], sort=False)
    result = grouped[numbers].mean().dropna(axis=1, how="all")
    result.insert(0, "seeds", grouped.size())
    return result.reset_index()


def contrast_table(records: Mapping[str, RunRecord], encoders: list[str]) -> pd.DataFrame:
    """What each pair of encoders differs in, so that a difference between them is not read as more than it is.

    Columns: first, second, kind (`pretraining recipe`: both compute the same function of weights and inputs;
    `architecture`; `architecture and objective`; `confounded`: one of them came as a finished checkpoint), recipe and
    shape (what differs in the pretraining recipe, and in size, corpus or budget; comma-separated), rates (both
    learning rates where they differ, else empty) and matched (both pretrained here, and nothing in `shape`).
    """
    known: dict[str | None, Mapping] = {}
    rows: list[tuple] = []
    for record in records.values():
        if record.phase == "pretrain":
            known.setdefault(record.labels.encoder, record.params)
    for first, second in combinations(encoders, 2):
        if first not in known or second not in known:
            rows.append((first, second, "confounded", "", "", "", False))
            continue
        a, b = known[first], known[second]
        recipes = flatten(a.get("recipe", {})), flatten(b.get("recipe", {}))
        factors = [key for key in recipes[0] if recipes[0].get(key) != recipes[1].get(key)]
        shape = [key for key in SHAPE if a.get(key) != b.get(key)]
        shape += ["corpus or tokenizer"] if any(a.get(key) != b.get(key) for key in ("data", "inputs")) else []
        built = [SAME_FUNCTION.get(str(made.get("architecture")), made.get("architecture")) for made in (a, b)]
        kind = "pretraining recipe" if built[0] == built[1] else "architecture"
        if built[0] != built[1] and "objective" in factors:
            kind = "architecture and objective"
        rates = f"{a.get(RATE):g} and {b.get(RATE):g}" if a.get(RATE) != b.get(RATE) else ""
        rows.append((first, second, kind, ", ".join(factors), ", ".join(shape), rates, not shape))
    return pd.DataFrame(rows, columns=["first", "second", "kind", "recipe", "shape", "rates", "matched"])


def contrasts(records: Mapping[str, RunRecord], encoders: list[str]) -> list[str]:
    """A sentence for each pair of encoders: the rows of contrast_table in words."""
    sentences = []
    for row in contrast_table(records, encoders).itertuples():
        if row.kind == "confounded":
            sentences.append(
                f"{row.first} and {row.second} differ in architecture, data and size at once, as one of them or both "
                "came as finished checkpoints: a confounded contrast."
            )
            continue
        same = " (both compute the same function)" if row.kind == "pretraining recipe" else ""
        detail = f" They differ in {row.recipe}." if row.recipe else " Their recipes are equal."
        uneven = f" They also differ in {row.shape}: they are not matched." if row.shape else ""
        uneven += f" Learning rates {row.rates}: matched if one search chose both." if row.rates else ""
        sentences.append(f"{row.first} and {row.second}: a contrast of {row.kind}{same}.{detail}{uneven}")
    return sentences


def pretrained_here(records: Mapping[str, RunRecord]) -> set[str]:
    """The encoders that this grid pretrains; a seed changes their pretraining, too."""
    return {record.labels.encoder for record in records.values() if record.phase == "pretrain"}


def pools(records: Mapping[str, RunRecord], encoders: Iterable[str]) -> dict[str, str]:
    """Encoder -> HERE or FINISHED, whose runs scatter differently; empty where all encoders are of one kind."""
    known = pretrained_here(records)
    found = {encoder: HERE if encoder in known else FINISHED for encoder in encoders}
    return found if len(set(found.values())) > 1 else {}


def runs(records: Mapping[str, RunRecord]) -> pd.DataFrame:
    """One row a run: id, phase, name, state, seconds, error."""
    rows = [
        {
            "id": key,
            "phase": record.phase,
            "name": f"{record.slug}-{key}",
            "state": record.state.value,
            "seconds": record.seconds,
            "error": record.error or "",
        }
        for key, record in records.items()
    ]
    table = pd.DataFrame(rows, columns=["id", "phase", "name", "state", "seconds", "error"])
    return table.sort_values(
        "phase", key=lambda column: column.map({p: i for i, p in enumerate(PHASES)}), kind="stable"
    )


def plan(records: Mapping[str, RunRecord]) -> pd.DataFrame:
    """One row a phase: how many runs, how many of them in which state, and the seconds that the finished ones took."""
    table = runs(records)
    counts = table.groupby(["phase", "state"], sort=False).size().unstack(fill_value=0)
    order = [state for state in ("done", "running", "failed", "interrupted", "blocked", "absent") if state in counts]
    counts = counts[[*order, *(state for state in counts if state not in order)]]
    seconds = table[table["state"] == "done"].groupby("phase")["seconds"].sum()
    counts.insert(0, "runs", table.groupby("phase", sort=False).size())
    return counts.assign(seconds=seconds.reindex(counts.index).fillna(0.0)).reset_index()


def machines(records: Mapping[str, RunRecord]) -> tuple[pd.DataFrame, list[str]]:
    """What the finished runs ran with and on, a row a fact, and a sentence where that is mixed.

    The analysis is left out: it computes no score.
    """
    seen: dict[str, dict[str, int]] = {}
    for record in records.values():
        if not record.done or record.phase == "analysis":
            continue
        facts = {
            **{
                key: ", ".join(value) or "none" if isinstance(value, list) else str(value)
                for key, value in record.device.items()
            },
            **{key: str(value) for key, value in record.versions.items()},
        }
        if record.git:
            facts["git commit"] = str(record.git.get("commit", ""))[:12] + (
                " with changes" if record.git.get("dirty") else ""
            )
        for key, value in facts.items():
            values = seen.setdefault(key, {})
            values[value] = values.get(value, 0) + 1
    rows = []
    for key, values in seen.items():
        text = (
            ", ".join(values)
            if len(values) == 1
            else ", ".join(f"{value} ({count} runs)" for value, count in values.items())
        )
        rows.append({"what": key, "value": text})
    mixed = [key for key, values in seen.items() if len(values) > 1]
    note = (
        [f"The finished runs mix different {', '.join(mixed)}: a comparison between them is also one between these."]
        if mixed
        else []
    )
    return pd.DataFrame(rows, columns=["what", "value"]), note
