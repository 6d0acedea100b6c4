"""The mixed model finds a planted slope of similarity without bias, its intervals hold it, its guard stays quiet."""

import numpy as np
import pytest

from tests.analysis.draws import planted
from xtl.analysis.statistics import mixed, mixed_cells, reml


def fits(count, slope, seed=0, **design):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        main, similarity = planted(rng, slope, **design)
        yield mixed.fit(mixed_cells.cells(main, {"en": similarity}))


def summary(count, slope, **design):
    """Errors of the slope, the share of intervals that hold it, and the share of fits without a usable slope."""
    made = list(fits(count, slope, **design))
    slopes = [fit.slope for fit in made if not fit.problem]
    errors = np.array([row["estimate"] for row in slopes]) - slope
    held = np.mean([row["low"] <= slope <= row["high"] for row in slopes])
    return errors, held, np.mean([bool(fit.problem or fit.flag) for fit in made])


def unbiased(errors, slope) -> bool:
    """The mean error is a small part of the slope, or within three of its standard errors."""
    return abs(errors.mean()) < max(0.05 * slope, 3 * errors.std() / np.sqrt(len(errors)))


def in_band(held, count) -> bool:
    """Between 90 and 98 %, give or take the standard error of a true 95 % over so many fits."""
    error = np.sqrt(0.95 * 0.05 / count)
    return 0.9 - error <= held <= 0.98 + error


@pytest.mark.parametrize("slope", (0.0, 6.0))
def test_a_slope_is_found_and_covered(slope):
    errors, held, unusable = summary(80, slope)
    assert unbiased(errors, slope) and in_band(held, 80) and unusable < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("design", [
    dict(seeds=5), dict(seeds=2), dict(languages=24), dict(targets=9), dict(intermediates=2),
])  # fmt: skip
def test_bias_and_coverage_in_the_projects_designs(design):
    count = 50 if design.keys() & {"intermediates", "targets"} else 60  # those take longer to fit
    errors, held, unusable = summary(count, 6.0, seed=1, **design)
    assert unbiased(errors, 6.0) and in_band(held, count) and unusable < 0.06


@pytest.mark.slow
def test_without_the_correction_a_noisy_baseline_hands_its_effect_to_similarity():
    """What the plain maximum of the likelihood does, where scores rise steeply with similarity."""
    rng, both = np.random.default_rng(11), []
    for _ in range(100):
        main, similarity = planted(rng, 6.0, gradient=60.0)
        found = mixed_cells.cells(main, {"en": similarity})
        design = mixed.make(found.rows)
        plain = reml.fit(found.rows["after"].to_numpy(), design.matrix, design.levels(found.rows))
        i = design.columns.index("similarity")
        both.append((plain.effects[i], mixed._crossed(found, design, plain.variances)[0][i]))
    raw, corrected = np.mean(both, axis=0)
    assert raw - 6 > 0.6 and abs(corrected - 6) < 0.5
