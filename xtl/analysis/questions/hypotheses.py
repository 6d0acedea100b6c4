"""The hypotheses that a grid file fixed before it ran: estimates, intervals, p values, Holm, detectable effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from xtl.analysis.questions import profiles
from xtl.analysis.scores import arms as arms_of
from xtl.analysis.scores import contrasts
from xtl.analysis.statistics import intervals as statistics
from xtl.analysis.wording import listing
from xtl.grid.schema import Hypothesis

ALPHA, POWER = 0.05, 0.8
COLUMNS = [
    "name", "statement", "effect", "direction", "unit", "targets", "estimate", "low", "high", "p", "p_holm",
    "detectable", "seeds", "df", "n", "status", "note",
]  # fmt: skip
MEAN, CORRELATION = "points", "r"
RELATION = {"greater": "above 0", "less": "below 0", "two-sided": "other than 0"}
MISSING, UNDECIDABLE = "missing", "no test"


def evaluate(
    hypotheses: Sequence[Hypothesis | Mapping],
    task_gains: pd.DataFrame,
    gain_points: pd.DataFrame,
    families: Mapping[str, str],
    intermediates: Mapping[str, Mapping] | None = None,
) -> pd.DataFrame:
    """Test every hypothesis of a grid file, with Holm's correction over all of them; a row a hypothesis.

    hypotheses: as the grid file declares them. task_gains: gains.gains of task scores. gain_points: similarity.points
    of the gains by language. families: language -> family. intermediates: see arms.read; controls (`steps_of`) count
    only where a contrast names them. Only target training in native English counts, and no cell of the same data.

    Means (points): the contrast seed by seed within an encoder, encoders as separate trainings, Student's t with the
    variance between seeds pooled over encoders (contrasts.combine). Correlations: within families, as in the section on
    similarity (profiles.correlation).

    `p` is one- or two-sided as the hypothesis says; `low` and `high` are always the two-sided 95 % interval. `p_holm`:
    over every hypothesis of the file, those without a p counted as 1. `detectable`: the smallest true effect found with
    80 % power at the strictest of Holm's levels, 0.05 / hypotheses. `status`: supported (p_holm < 0.05), contradicted
    (one-sided, with the whole interval on the other side), not shown, missing (runs lack; then nothing is computed) or
    no test (one seed, too few languages, only cells of the same data); `note` says what lacks.
    """
    task_gains, gain_points = arms_of.home(task_gains), arms_of.home(gain_points)
    arms = arms_of.read(intermediates, task_gains["intermediate"].unique())
    checked = [Hypothesis.model_validate(h) for h in hypotheses]
    level = ALPHA / max(len(checked), 1)
    rows = [_test(h, task_gains, gain_points, families, arms, level) for h in checked]
    table = pd.DataFrame(rows, columns=COLUMNS)
    adjusted = statistics.adjust(table["p"].astype(float).fillna(1.0), "holm")
    table["p_holm"] = np.where(table["p"].isna(), np.nan, adjusted)
    table["status"] = [_status(row) for row in table.itertuples()]
    return table


def _test(hypothesis: Hypothesis, task_gains, points, families, arms, level: float) -> dict:
    names, encoders, targets = _crossed(hypothesis, task_gains, arms)
    task_gains = task_gains[task_gains["target"].isin(targets)]
    points = points[points["target"].isin(targets)]
    correlates = hypothesis.effect.startswith("similarity")
    base = dict.fromkeys(COLUMNS, np.nan) | {
        "name": hypothesis.name, "effect": hypothesis.effect, "direction": hypothesis.direction,
        "unit": CORRELATION if correlates else MEAN, "targets": " ".join(targets), "n": 0, "seeds": 0, "status": "",
        "statement": _statement(hypothesis, names, encoders, _counting(task_gains, names, targets)), "note": "",
    }  # fmt: skip
    lacking = _lacking(task_gains, names, encoders, targets)
    if lacking:
        return base | {"status": MISSING, "note": lacking}
    if hypothesis.roles()[:2] == ["encoder", "encoder"]:
        weights = {encoders[0]: 1.0, encoders[1]: -1.0}
    else:
        weights = {encoder: 1 / len(encoders) for encoder in encoders}
    if correlates:
        return base | _correlation(hypothesis, points, names, weights, families, level)
    return base | _mean(hypothesis, task_gains, names, weights, level)


def _crossed(hypothesis: Hypothesis, task_gains: pd.DataFrame, arms) -> tuple[list, list, list]:
    """Intermediates, encoders and targets of a hypothesis; what it leaves open is what the grid has of all the rest.

    Not every encoder need be crossed with every intermediate, nor a control with retrieval. Encoders that are not named
    are those with all the named intermediates; intermediates that are not named those that all the encoders have;
    targets those in which each encoder has each intermediate. Where nothing is left, everything, for `_lacking`.
    """
    has = task_gains.groupby(["encoder", "intermediate"], sort=False)["target"].agg(set).to_dict()
    every = list(dict.fromkeys(task_gains["encoder"]))
    names, encoders = hypothesis.of("intermediate"), hypothesis.of("encoder")
    if not encoders:
        encoders = [encoder for encoder in every if all((encoder, name) in has for name in names)] or every
    if not names:
        trained = [arm.name for arm in arms.values() if arm.tasks]
        names = [name for name in trained if all((encoder, name) in has for encoder in encoders)] or trained
    places = [has.get((encoder, name), set()) for encoder in encoders for name in names]
    known = list(dict.fromkeys(task_gains["target"]))
    shared = [target for target in known if all(target in place for place in places)]
    return list(names), list(encoders), list(hypothesis.targets or shared or known)


def _mean(hypothesis: Hypothesis, task_gains, names, weights, level: float) -> dict:
    """A mean or a difference of means in points."""
    if hypothesis.effect == "intermediate_difference":
        series = contrasts.difference(task_gains, *names)
    else:
        series = contrasts.mean_gain(task_gains, names)
    if series.empty:
        return {"status": UNDECIDABLE, "note": "every target is trained on the same data twice"}
    found = contrasts.combine(series, weights)
    if not np.isfinite(found.error):
        one = "one seed: nothing says how far another would land"
        note = one if np.isfinite(found.estimate) else "the encoders have no targets in common"
        return {"estimate": found.estimate, "seeds": found.seeds, "status": UNDECIDABLE, "note": note}
    two_sided = 1 - level if hypothesis.direction == "two-sided" else 1 - 2 * level
    return {
        "estimate": found.estimate, "low": found.low, "high": found.high, "df": found.df, "seeds": found.seeds,
        "n": found.seeds, "p": contrasts.p_value(found, hypothesis.direction),
        "detectable": statistics.minimum_detectable(found.error, found.df, two_sided, POWER),
    }  # fmt: skip


def _correlation(hypothesis: Hypothesis, points, names, weights, families, level: float) -> dict:
    """A rank correlation over languages, its mean over encoders, or the difference between two of them."""
    wide = profiles.profiles(points, names, list(weights))
    found = profiles.correlation(wide, weights, families, hypothesis.direction)
    if not np.isfinite(found.value):
        few = found.n < statistics.MIN_LANGUAGES
        reason = f"{found.n} languages with every gain, a similarity and another language to be compared with, "
        reason += f"fewer than {statistics.MIN_LANGUAGES}"
        nothing = "within families no similarity or no gain differs"
        return {"n": found.n, "status": UNDECIDABLE, "note": reason if few else nothing}
    tail = level / 2 if hypothesis.direction == "two-sided" else level
    pair = 2 if hypothesis.effect == "similarity_difference" else 1
    # Fisher's z at r = 0, as within families (clustered.within_families); two encoders taken for independent
    reachable = pair == 2 or 1 / found.orders <= tail  # with fewer orders of the languages p is never that small
    error = np.sqrt(pair / (found.df - 2)) if found.df > 2 and reachable else np.inf
    reach = (stats.norm.isf(tail) + stats.norm.isf(1 - POWER)) * error
    return {
        "estimate": found.value, "low": found.low, "high": found.high, "p": found.p, "n": found.n, "df": found.df,
        "detectable": float(np.tanh(reach)) if np.isfinite(reach) else np.nan,
    }  # fmt: skip


def _lacking(task_gains: pd.DataFrame, names, encoders, targets) -> str:
    """Which of the runs that a hypothesis needs have no score yet, in words; empty where all have."""
    needed = task_gains[task_gains["intermediate"].isin(names) & task_gains["encoder"].isin(encoders)]
    absent = [name for name in names if name not in set(needed["intermediate"])]
    absent += [name for name in encoders if name not in set(needed["encoder"])]
    absent += [name for name in targets if name not in set(needed["target"])]
    if absent or needed.empty:
        return f"no cell of {listing(absent or targets)}"
    cells = set(zip(needed["encoder"], needed["intermediate"], needed["target"], strict=True))
    absent = [" ".join(cell) for cell in product(encoders, names, targets) if cell not in cells]
    if absent:
        return f"no cell of {absent[0]}" + (f" and {len(absent) - 1} more" if len(absent) > 1 else "")
    gaps = needed[needed["gain"].isna() & ~needed["same_data"].astype(bool)]
    if gaps.empty:
        return ""
    cells = list(dict.fromkeys(zip(gaps["encoder"], gaps["intermediate"], gaps["target"], gaps["seed"], strict=True)))
    first = " ".join(str(part) for part in cells[0][:3]) + f" seed {cells[0][3]}"
    return f"{len(cells)} of {len(needed)} gains lack a run or a language, the first {first}"


def _counting(task_gains: pd.DataFrame, names, targets) -> list[str]:
    """The targets without those in which every cell of these intermediates is of the same data: no mean holds them."""
    here = task_gains[task_gains["intermediate"].isin(names)]
    left_out = here.groupby("target")["same_data"].all()
    return [name for name in targets if not left_out.get(name, False)] or list(targets)


def _statement(hypothesis: Hypothesis, names, encoders, targets) -> str:
    """A hypothesis in words."""
    relation, encoders, names = RELATION[hypothesis.direction], encoders or ["no encoder"], names or ["nothing"]
    over = f"over {targets[0]}" if len(targets) == 1 else f"over {len(targets)} targets"
    gain = f"gain of {names[0]}" if len(names) == 1 else f"mean gain of {len(names)} intermediates"
    at = f"at {encoders[0]}" if len(encoders) == 1 else f"mean of {len(encoders)} encoders"
    rank = f"rank correlation with similarity of the {gain}"
    words = {
        "gain": f"{gain}, {at}",
        "intermediate_difference": f"{names[0]} − {names[-1]}, {at}",
        "encoder_difference": f"{gain}, {encoders[0]} − {encoders[-1]}",
        "similarity": f"{rank}, {at}",
        "similarity_difference": f"{rank}, {encoders[0]} − {encoders[-1]}",
    }
    return f"{words[hypothesis.effect]}, {over}: {relation}"


def _status(row) -> str:
    """The verdict on one hypothesis from its adjusted p and its interval."""
    if row.status:
        return row.status
    if row.p_holm < ALPHA:
        return "supported"
    other = row.high < 0 if row.direction == "greater" else row.low > 0 if row.direction == "less" else False
    return "contradicted" if other else "not shown"
