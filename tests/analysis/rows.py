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


def main_table(values: dict, **extra) -> pd.DataFrame:
    """Main scores as tables.main_scores returns them, from {(source, language): [one score per seed]}.

    A source is `de` or `de machine`. extra: further columns, or other labels than the defaults.
    """
    labels = {"encoder": "a", "architecture": "", "intermediate": "none", "target": "xnli", "same_data": False}
    rows = []
    for (source, language), series in values.items():
        code, _, provenance = source.partition(" ")
        for seed, score in enumerate(series):
            rows.append({
                **labels, "n_train": 100.0, "n": 50.0, "status": "done", **extra, "source": code,
                "provenance": provenance or "native", "language": language, "seed": seed, "score": score,
            })  # fmt: skip
    table = pd.DataFrame(rows)
    place = (
        table[["encoder", "intermediate", "target", "source", "provenance", "seed"]].astype(str).agg("-".join, axis=1)
    )
    return table.assign(run_id=place)
