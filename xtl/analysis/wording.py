"""Numbers as text: points, intervals, p values, amounts and durations, with a dash where something is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

DASH = "–"


def points(value: float, signed: bool = True) -> str:
    """A score (unsigned) or a gain (signed) in points: one decimal, a real minus sign."""
    if pd.isna(value):
        return DASH
    text = f"{value:{'+' if signed else ''}.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text


def spread(low: float, high: float) -> str:
    """An interval of a gain, `+0.8 to +3.4`; empty where there is none."""
    return f"{points(low)} to {points(high)}" if np.isfinite(low) and np.isfinite(high) else ""


def gain(row) -> str:
    """A gain and its interval, `+2.1 (+0.8 to +3.4)`; row: mean, low, high as in gains.intervals."""
    interval = spread(row["low"], row["high"])
    return points(row["mean"]) + (f" ({interval})" if interval else "")


def listing(words: Sequence[str]) -> str:
    """`a, b and c`."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def decimals(value: float, digits: int = 2) -> str:
    """A number with a fixed number of decimals and a real minus sign."""
    if pd.isna(value):
        return DASH
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")  # no minus before a zero


def p_value(value: float) -> str:
    """A p value: three decimals, or `< 0.001`."""
    return DASH if pd.isna(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def p_equals(value: float) -> str:
    """A p value behind its letter: `= 0.012` or `< 0.001`."""
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"


def between(low: float, high: float) -> str:
    """An interval of a score, `70.1 to 72.3`; empty where there is none."""
    return f"{points(low, False)} to {points(high, False)}" if np.isfinite(low) and np.isfinite(high) else ""


def amount(value: float) -> str:
    """A count or a measure of any size: `1,234,567`, `3.20e+12` or `3.21`."""
    if pd.isna(value):
        return DASH
    if value >= 1e9:
        return f"{value:.2e}"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def duration(seconds: float | None) -> str:
    """Seconds as `12 s`, `3 min 05 s` or `2 h 07 min`."""
    if seconds is None or pd.isna(seconds):
        return DASH
    whole = round(seconds)
    hours = whole // 3600
    minutes = whole // 60 % 60
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {whole % 60:02d} s" if minutes else f"{whole} s"
