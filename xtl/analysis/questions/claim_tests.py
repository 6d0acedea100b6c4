"""The tests that claims.yaml names: each reads a grid and the catalog and returns a verdict with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from xtl.analysis.questions.verdicts import (
    CATALOG,
    CHOSEN,
    FAILS,
    HOLDS,
    PARTIAL,
    UNTESTABLE,
    Grid,
    Part,
    Verdict,
    combined,
    judged,
    part,
    reaches,
    words,
)
from xtl.analysis.scores import arms as arms_of
from xtl.analysis.scores import contrasts, gains
from xtl.analysis.wording import listing, points

MIXED = "models_language"
KINDS = {MIXED: "the same tasks with multilingual language modelling", "translated": "the same tasks in translation"}


# --- against the catalog ---


def catalog_has_targets(grid: Grid, tasks: Sequence[str]) -> Verdict:
    """The benchmark's targets, those with a place in its submission format, are exactly these."""
    held = _benchmark(grid)
    text = f"The catalog has {len(held)} targets that the benchmark takes predictions for: {listing(held)}."
    return Verdict(HOLDS if set(held) == set(tasks) else FAILS, text, CATALOG)


def languages_per_task(grid: Grid, number: int) -> Verdict:
    """Every benchmark target has this many languages; a bound that one task alone reaches is no fact about each."""
    counts = {name: len(grid.tasks[name].languages) for name in _benchmark(grid)}
    reached = [name for name, count in counts.items() if count == number]
    rest = [count for count in counts.values() if count != number]
    over = [name for name, count in counts.items() if count > number]
    if not rest:
        return Verdict(HOLDS, f"Every one of the {len(counts)} targets has {number} languages.", CATALOG)
    bound = f"As a bound it {'fails' if over else 'is right'}, as a fact about each task it is not: "
    who = f"{number} languages are those of {listing(reached)} alone" if reached else f"no target has {number}"
    text = f"{bound}{who}; the other {len(rest)} targets have {min(rest)} to {max(rest)}."
    return Verdict(FAILS, text, CATALOG)


def trains_on_nothing(grid: Grid, tasks: Sequence[str]) -> Verdict:
    """None of these targets has training data."""
    trained = {name: grid.tasks[name].trains_on for name in tasks if grid.tasks[name].trains_on}
    text = f"In the catalog {listing(tasks)} train on nothing and read the checkpoint as it is."
    if trained:
        text = f"In the catalog {listing([f'{name} trains on {on}' for name, on in trained.items()])}."
    return Verdict(FAILS if trained else HOLDS, text, CATALOG)


def catalog_has_intermediates(grid: Grid, tasks: Sequence[str], formats: Sequence[str]) -> Verdict:
    """These intermediate tasks exist, and all the formats are among them."""
    lacking = [name for name in tasks if "intermediate" not in getattr(grid.tasks.get(name), "roles", ())]
    formed = {name: grid.tasks[name].format for name in tasks if name not in lacking}
    groups = [f"{form} {', '.join(n for n, f in formed.items() if f == form) or 'none'}" for form in formats]
    text = f"The catalog has {len(formed)} of the {len(tasks)}, by format: {'; '.join(groups)}."
    whole = not lacking and set(formats) <= set(formed.values())
    return Verdict(HOLDS if whole else FAILS, text, CATALOG)


def training_size(grid: Grid, task: str, size: int) -> Verdict:
    """The catalog's number of training examples, and what runs on the real data counted, are this number."""
    least, most = grid.tasks[task].size.get("train", (None, None))
    numbers = {least, most, *grid.counted.get(task, [])} - {None}
    text = f"The catalog lists {least:,} training examples" if least == most and least else "The catalog lists no size"
    counted = listing([f"{count:,}" for count in grid.counted.get(task, [])])
    text += f"; runs of this grid on the real data counted {counted}." if counted else ", as published; no run counted."
    return Verdict(UNTESTABLE if not numbers else HOLDS if numbers == {size} else FAILS, text, CATALOG)


# --- against the design of the grid ---


def every_encoder_is(grid: Grid, checkpoint: str) -> Verdict:
    """Every encoder of the grid is this checkpoint; a grid without it says nothing about experiments that used it."""
    those = [name for name in grid.encoders if grid.checkpoints.get(name) == checkpoint]
    others = [name for name in grid.encoders if name not in those]
    if not those:
        made = others and all(grid.encoders[name] is not None for name in others)
        how = "were trained here" if made else f"are not known to be {checkpoint}"
        text = f"The encoders of this grid ({listing(others) or 'none yet'}) {how}, so it cannot speak of that one."
        return Verdict(UNTESTABLE, text)
    if others:
        return Verdict(FAILS, f"Of this grid: {listing(those)} is {checkpoint}, {listing(others)} is not.")
    return Verdict(HOLDS, f"Of this grid: its only encoder, {listing(those)}, is {checkpoint}.")


def three_phases(grid: Grid, objective: str) -> Verdict:
    """Pretraining with this objective, then English intermediate training, then fine-tuning on a target."""
    middle = grid.english()
    tuned = [name for name in dict.fromkeys(grid.gains["target"]) if grid.tasks[name].trains_on]
    learnt = {name: grid.recipe(name).get("objective") for name in grid.encoders}
    if not middle or not tuned:
        return Verdict(UNTESTABLE, "This grid has no English intermediate task before a target that is trained.")
    same = [name for name, kind in learnt.items() if kind == objective]
    other = {name: kind for name, kind in learnt.items() if kind not in (None, objective)}
    unknown = [name for name, kind in learnt.items() if kind is None]
    parts = [f"{listing(same)} learnt {objective} in pretraining"] if same else []
    parts += [f"{name} learnt {kind} instead" for name, kind in other.items()]
    parts += [f"the pretraining of {listing(unknown)} is not recorded here"] if unknown else []
    text = f"Of this grid: {'; '.join(parts)}; then {listing(middle)} in English, then training on {listing(tuned)}."
    return Verdict(HOLDS if same else UNTESTABLE if unknown else FAILS, text)


# --- against the results of the grid ---


def gain_reaches(grid: Grid, reference: float, tasks: Sequence[Sequence[str]]) -> Verdict:
    """Mean gain over targets of every English intermediate with exactly one of these sets of tasks.

    An encoder bears it out where the whole 95 % interval is at or above the reference, and speaks against it where
    the whole interval is below.
    """
    wanted = [frozenset(names) for names in tasks]
    names = [name for name in grid.english() if grid.arms[name].supervised in wanted]
    if not names:
        asked = " or ".join("+".join(each) if len(each) < 4 else f"{len(each)} tasks at once" for each in tasks)
        return Verdict(UNTESTABLE, f"No intermediate of this grid trains on {asked} in English and on nothing else.")
    rows, note = judged(grid)
    used = rows[rows["intermediate"].isin(names) & ~rows["same_data"].astype(bool)]
    if used.empty:
        twice = "They have no target here besides those that train on the same data and retrieval that is left out."
        return Verdict(UNTESTABLE, twice)
    table = gains.intervals(gains.pooled_gains(rows), "gain")
    parts = []
    for row in table[table["intermediate"].isin(names)].itertuples():
        numbers = words(row.mean, row.low, row.high, row.seeds)
        bears_out = reaches(row.low, row.high, reference)
        parts.append(Part(_whole(bears_out, used, row.encoder), f"{row.intermediate} at {row.encoder} {numbers}"))
    what = f"mean gain over {listing(_targets(used))} in points, set against {points(reference)} over XTREME"
    return combined(grid, parts, what, note, _short(parts, used))


def nearly_every_gains(grid: Grid, targets: Sequence[str], minimum: float, share: float, least: int) -> Verdict:
    """Of the single English intermediates at least `share` gain on the targets, clearly and by `minimum` points.

    A gain counts where its 95 % interval is above zero and its mean at least `minimum`, and counts against where the
    whole interval is below `minimum` (at or below zero, if that is 0). The rest may be either. At least `least`
    intermediates are needed at an encoder.
    """
    rows, note = judged(grid, targets)
    if rows.empty:
        return Verdict(UNTESTABLE, note or f"This grid has no gain on {' or '.join(targets)}.")
    table = gains.intervals(rows, "gain")
    table = table[table["intermediate"].isin(grid.english(single=True)) & ~table["same_data"].astype(bool)]
    parts, most = [], 0
    for encoder, here in table.groupby("encoder", sort=False):
        known = here[np.isfinite(here["mean"])]
        arms = known["intermediate"].nunique()
        most = max(most, arms)
        if len(here) >= least:
            yes, no = (known["low"] > 0) & (known["mean"] >= minimum), (known["high"] < minimum) | (known["high"] <= 0)
            clear, against = yes.sum() / len(here), no.sum() / len(here)
            bears_out = True if clear >= share else False if 1 - against < share else None
            bears_out = bears_out if arms >= least else None
            count = f"{yes.sum()} of {len(here)} clear, {no.sum()} clearly not, {len(here) - len(known)} missing"
            span = f", means from {points(known['mean'].min())} to {points(known['mean'].max())} points, "
            span += f"{known['seeds'].min()} seeds"
            parts.append(Part(bears_out, f"{encoder} {count}{span if arms else ''}"))
    if most < least:
        asked = f"It takes {least} single English intermediate tasks with a gain on {' or '.join(targets)}"
        return Verdict(UNTESTABLE, " ".join(filter(None, [f"{asked}, this grid has {most}.", note])))
    clear = f"above zero{f' and at least {minimum:g} points' if minimum else ''}"
    what = f"gains on {listing(_targets(rows))} with the 95 % interval {clear}, {share:.0%} asked for"
    return combined(grid, parts, what, note)


def no_benefit(grid: Grid, targets: Sequence[str], margin: float) -> Verdict:
    """Mean gain on the targets over the single English intermediates, against a margin below which none is seen.

    An encoder bears it out where the whole 95 % interval is below the margin, and speaks against it where it is above
    zero without being below the margin.
    """
    rows, note = judged(grid, targets)
    single = grid.english(single=True)
    series = contrasts.mean_gain(rows, single)
    if series.empty:
        twice = " but from data that it trains on itself" if len(rows) else ""
        return Verdict(UNTESTABLE, note or f"This grid has no gain on {' or '.join(targets)}{twice}.")

    def small(low: float, high: float) -> bool | None:
        return True if high < margin else False if low > 0 else None

    parts = [part(series, encoder, small) for encoder in dict.fromkeys(series["encoder"])]
    used = rows[rows["intermediate"].isin(single) & ~rows["same_data"].astype(bool)]
    named = listing(list(dict.fromkeys(used["intermediate"])))
    what = f"mean gain of {named} on {listing(_targets(used))} in points, no benefit below {points(margin)}"
    return combined(grid, parts, what, note)


def best_reaches(grid: Grid, reference: float) -> Verdict:
    """Mean over targets of the gain of each target's best English intermediate, chosen on the other seeds.

    A best arm that is chosen on the very gains that are reported looks better than it is; here the gain of a seed is
    that of the arm with the highest mean gain on the other seeds.
    """
    rows, note = judged(grid)
    rows = rows[rows["intermediate"].isin(grid.english()) & ~rows["same_data"].astype(bool)]
    arms = rows.groupby("encoder", sort=False)["intermediate"].nunique()
    arms = arms[arms > 1]  # an encoder with one has no best
    rows = rows[rows["encoder"].isin(arms.index)]
    if arms.empty:
        return Verdict(UNTESTABLE, "A best intermediate is chosen among at least two; this grid has fewer.")
    chosen = _best(rows)
    if chosen["gain"].isna().all():
        return Verdict(UNTESTABLE, "To choose on other seeds takes two finished seeds of every intermediate.")

    parts = []
    for encoder in dict.fromkeys(chosen["encoder"]):
        found = part(chosen, encoder, lambda low, high: reaches(low, high, reference))
        parts.append(found._replace(bears_out=_whole(found.bears_out, rows, encoder)))
    counts = " or ".join(str(count) for count in sorted(set(arms)))
    what = f"gain of the best of {counts} intermediates, chosen on other seeds, mean of {listing(_targets(rows))}"
    what += f", set against {points(reference)} on XTREME"
    return combined(grid, parts, what, note, CHOSEN, _short(parts, rows))


def english_beats(grid: Grid, other: str) -> Verdict:
    """English intermediates minus the arms of another kind with the same tasks (`models_language` or `translated`).

    An arm of language modelling alone is compared with every single English task. A pair bears it out where the 95 %
    interval of the difference is above zero, and speaks against it where it is below.
    """
    rows, note = judged(grid)
    parts = []
    for arm in grid.arms.values():
        if not getattr(arm, other):
            continue
        for name in grid.english():
            tasks = grid.arms[name].supervised
            if tasks == arm.supervised or (not arm.supervised and len(tasks) == 1):
                series = contrasts.difference(rows, name, arm.name)
                parts += [
                    part(series, encoder, lambda low, high: reaches(low, high, 0.0), f"{name} − {arm.name} at ")
                    for encoder in dict.fromkeys(series["encoder"])
                ]
    if not parts:
        return Verdict(UNTESTABLE, f"This grid has no pair of an English intermediate and {KINDS[other]}.")
    exact = "The laboratory translates exactly, which machines do not." if grid.laboratory and other != MIXED else ""
    return combined(grid, parts, "difference in points over the targets that neither trains on twice", note, exact)


TESTS: dict[str, Callable[..., Verdict]] = {
    test.__name__: test
    for test in (
        catalog_has_targets, languages_per_task, trains_on_nothing, catalog_has_intermediates, training_size,
        every_encoder_is, three_phases, gain_reaches, nearly_every_gains, no_benefit, best_reaches, english_beats,
    )
}  # fmt: skip


def _benchmark(grid: Grid) -> list[str]:
    return [task.name for task in grid.tasks.values() if "target" in task.roles and task.submission]


def _targets(rows: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(rows["target"]))


def _whole(bears_out: bool | None, rows: pd.DataFrame, encoder: str) -> bool | None:
    """What an encoder says of a mean that counts retrieval in: without retrieval it cannot speak against it."""
    here = rows.loc[rows["encoder"] == encoder, "target"]
    return None if bears_out is False and not here.map(arms_of.retrieves).any() else bears_out


def _short(parts: Sequence[Part], rows: pd.DataFrame) -> str:
    """The sentence that goes with `_whole`, where an encoder's mean is without retrieval."""
    lacking = any(not cells["target"].map(arms_of.retrieves).any() for _, cells in rows.groupby("encoder"))
    return PARTIAL if lacking and any(part.bears_out is None for part in parts) else ""


def _best(rows: pd.DataFrame) -> pd.DataFrame:
    """Per encoder and seed, the mean over targets of the gain of the arm that is best on the other seeds."""
    parts = []
    for encoder, here in rows.groupby("encoder", sort=False):
        by_target = {}
        for target, cells in here.groupby("target", sort=False):
            wide = cells.pivot_table(index="seed", columns="intermediate", values="gain", dropna=False)
            whole, picked = wide.dropna(), {}
            for seed in whole.index if len(whole) > 1 else []:
                picked[seed] = whole.loc[seed, whole.drop(index=seed).mean().idxmax()]
            by_target[target] = pd.Series(picked, index=wide.index, dtype=float)
        mean = pd.DataFrame(by_target).mean(axis=1, skipna=False)
        parts.append(mean.rename("gain").rename_axis("seed").reset_index().assign(encoder=encoder))
    return pd.concat(parts, ignore_index=True)
