"""Gains of task scores written down by hand, for the tests of claims, contrasts and hypotheses."""

import pandas as pd


def gains_table(values: dict, same_data=(), source="en", provenance="native") -> pd.DataFrame:
    """Task gains as gains.gains returns them, from {(encoder, intermediate, target): [one gain per seed]}.

    same_data: (intermediate, target) pairs that train on the same data twice.
    """
    rows = [
        {
            "encoder": encoder, "architecture": "", "intermediate": intermediate, "target": target, "source": source,
            "provenance": provenance, "seed": seed, "run_id": f"{encoder}{intermediate}{target}{seed}",
            "same_data": (intermediate, target) in same_data, "status": "done", "gain": gain,
        }
        for (encoder, intermediate, target), series in values.items()
        for seed, gain in enumerate(series)
    ]  # fmt: skip
    columns = ["encoder", "architecture", "intermediate", "target", "source", "provenance", "seed", "run_id"]
    return pd.DataFrame(rows, columns=[*columns, "same_data", "status", "gain"])
