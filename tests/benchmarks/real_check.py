"""A check on real data: XQuAD on halves of its articles, UDPOS and PAN-X on 2,000 sentences, Tatoeba's layer curve.

    python tests/benchmarks/real_check.py DATA ENCODER OUT

DATA holds google/xtreme in the Hub's layout, ENCODER is a folder. XQuAD has no training set: every second article of
its English part (by title) becomes SQuAD here, and every language is tested on the other half. Writes a mirror and a
grid under OUT and runs the grid; prints the tables at the end.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

GRID = {
    "name": "real-check", "question": "What do real data give with a real encoder?", "data": "hub", "seeds": [0],
    "encoders": {"local": {"checkpoint": "${XTL_ENCODER}"}}, "intermediates": {},
    "targets": ["xquad", "udpos", "panx", "tatoeba"], "languages": "available",
    "training": {
        "learning_rate": 1.0e-4, "epochs": 3, "batch_size": 32, "max_train_examples": 2000, "max_eval_examples": 500,
    },
    "overrides": {"xquad": {"max_length": 256, "stride": 64, "batch_size": 16}},
}  # fmt: skip


def mirror(data: Path, out: Path) -> Path:
    """The data with XQuAD's articles divided: even ones train (as rajpurkar/squad), odd ones test."""
    source, made = data / "google/xtreme", out / "mirror"
    target, squad = made / "google/xtreme", made / "rajpurkar/squad"
    for folder in (target, squad / "plain_text"):
        folder.mkdir(parents=True, exist_ok=True)
    for part in source.iterdir():
        if part.name.startswith("XQuAD."):
            (target / part.name).mkdir(exist_ok=True)
            for path in part.glob("*.parquet"):
                even, odd = halves(pq.read_table(path))
                pq.write_table(odd, target / part.name / path.name)
                if part.name == "XQuAD.en":
                    for split in ("train", "validation"):
                        pq.write_table(even, squad / "plain_text" / f"{split}-00000-of-00001.parquet")
        elif not (target / part.name).exists():
            copy = shutil.copytree if part.is_dir() else shutil.copy  # a link out of the mirror is refused
            copy(part, target / part.name)
    header = {"configs": [{"config_name": "plain_text", "data_files": [
        {"split": split, "path": f"plain_text/{split}-*"} for split in ("train", "validation")
    ]}]}  # fmt: skip
    (squad / "README.md").write_text(f"---\n{yaml.safe_dump(header)}---\n")
    return made


def halves(table):
    """The rows of every second article, by title in the order of appearance, and the others."""
    titles = list(dict.fromkeys(table.column("title").to_pylist()))
    even = pc.is_in(table.column("title"), pc.unique(table.column("title")).take(list(range(0, len(titles), 2))))
    return table.filter(even), table.filter(pc.invert(even))


def main() -> int:
    """Build, run, print."""
    data, encoder, out = (Path(argument).resolve() for argument in sys.argv[1:4])
    out.mkdir(parents=True, exist_ok=True)
    (out / "real-check.yaml").write_text(yaml.safe_dump(GRID))
    environment = os.environ | {
        "XTL_MIRROR": str(mirror(data, out)), "XTL_ENCODER": str(encoder), "XTL_OUTPUTS": str(out / "outputs"),
    }  # fmt: skip
    command = [Path(sys.executable).with_name("xtl"), "run", str(out / "real-check.yaml")]
    status = subprocess.run(command, env=environment).returncode
    rows = pd.concat(pd.read_parquet(p) for p in (out / "outputs").glob("runs/target/*/scores.parquet"))
    heads = rows[rows.headline].pivot_table(index=["target", "metric"], columns="language", values="value")
    curve = rows[rows.target == "tatoeba"].groupby(["pooling", "layer"])["value"].mean().unstack()
    with pd.option_context("display.width", 250, "display.max_columns", 40):
        print(heads.round(1).to_string(na_rep=""), curve.round(1).to_string(), sep="\n\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
