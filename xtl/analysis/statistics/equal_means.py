"""Does the effect of an intermediate task differ between encoders? Welch's F test over all of them."""

import numpy as np
import pandas as pd
from scipy import stats

KEY = ["source", "provenance"]
COLUMNS = (*KEY, "intermediate", "encoders", "values", "f", "df1", "df2", "p", "spread")


def interaction(pooled: pd.DataFrame) -> pd.DataFrame:
    """Does the effect of an intermediate differ between encoders? A row per intermediate, with Welch's F test (1951).

    pooled: as gains.pooled_gains returns it; one value per encoder and seed is the unit. Encoders are separate
    trainings whose seeds may scatter differently. An encoder without a second seed, or whose seeds do not differ at
    all, says nothing of its variance and stays out.

    Columns: source, provenance, intermediate, encoders and values (encoder-seeds in the test), f, df1, df2, p, and
    spread (largest observed difference between two of these encoders, points). A test without two encoders is NaN.

    >>> gains = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0]
    >>> table = pd.DataFrame({"encoder": list("aaabbb"), "seed": [0, 1, 2] * 2, "gain": gains})
    >>> found = interaction(table.assign(source="en", provenance="native", intermediate="mnli"))
    >>> found[["encoders", "f", "df1", "df2", "p"]].round(3).to_numpy().tolist()
    [[2.0, 9.6, 1.0, 2.941, 0.055]]
    """
    rows = []
    for place, group in pooled.groupby([*KEY, "intermediate"], sort=False, dropna=False):
        samples = []
        for _, part in group.groupby("encoder", sort=False):
            values = part["gain"].dropna().to_numpy(float)
            if len(values) > 1 and np.ptp(values) > 0:
                samples.append(values)
        size = sum(len(values) for values in samples)
        if len(samples) < 2:
            rows.append((*place, len(samples), size, *[np.nan] * 5))
            continue
        test = stats.f_oneway(*samples, equal_var=False)
        means = [values.mean() for values in samples]
        df2 = _denominator(samples)
        rows.append((*place, len(samples), size, test.statistic, len(samples) - 1, df2, test.pvalue, np.ptp(means)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _denominator(samples: list[np.ndarray]) -> float:
    """The denominator's degrees of freedom of Welch's F."""
    weights = np.array([len(values) / values.var(ddof=1) for values in samples])
    freedom = np.array([len(values) - 1 for values in samples])
    k = len(samples)
    return float((k * k - 1) / (3 * ((1 - weights / weights.sum()) ** 2 / freedom).sum()))
