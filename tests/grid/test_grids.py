"""The grids of params/ over the miniature of the Hub: each plans, and a small version of each runs to its report."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tests import command

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "languages=available", "training.max_steps=2", "training.precision=fp32", "training.batch_size=4",
    "training.selection=last", "seeds=[0]", "overrides={}", "hypotheses=[]", "training.max_length=64",
    "training.stride=16",
]  # fmt: skip


@pytest.fixture
def xtl(tmp_path, mirror, folders):
    """Function: arguments and --set values -> the finished command, over the miniature."""

    def run(*arguments, sets=()):
        environment = {
            "XTL_OUTPUTS": str(tmp_path / "outputs"), "XTL_MIRROR": str(mirror), "HF_HUB_OFFLINE": "1",
            "XTL_CCG": folders["ccg"], "XTL_BUCC": folders["bucc"], "COLUMNS": "160",
        }  # fmt: skip
        options = [part for each in sets for part in ("--set", each)]
        return command.xtl(*arguments, *options, **environment)

    return run


def tiny(grid: str, encoders: dict) -> list[str]:
    """Overrides that put tiny encoders of the same families in place of the grid's."""
    text = (ROOT / grid).read_text()
    places = {"xlnet": "xlnet", "roberta": "roberta", "xlm": "roberta", "bert": "bert"}
    found = re.findall(r"^  ([\w-]+): +\{checkpoint: ([^ ,}]+)", text, re.M)
    assert found
    return [
        f"encoders.{name}.checkpoint={encoders[next(a for key, a in places.items() if key in checkpoint.lower())]}"
        for name, checkpoint in found
    ]


def short(grid: str) -> list[str]:
    """Overrides for public encoders of two layers that read 64 tokens, as the tiny ones are."""
    names = re.findall(r"^  ([\w-]+): +\{checkpoint: ", (ROOT / grid).read_text(), re.M)
    steps = [f"encoders.{name}.training.step=16" for name in names]
    return steps + [f"encoders.{name}.training.layer=1" for name in names]


@pytest.mark.parametrize("name, runs", [("phang2020", 60), ("architectures", 400), ("quick", 18)])
def test_grids_of_real_data_plan(xtl, tiny_encoders, name, runs):
    grid = f"params/{name}.yaml"
    done = xtl("plan", grid, sets=["languages=available", *short(grid), *tiny(grid, tiny_encoders)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "GPU-hours" in done.stdout and "upstream of the cells" in done.stdout and "Assumed: one A100" in done.stdout
    assert int(re.search(r"(\d+) runs for", done.stdout)[1]) >= 0.5 * runs


def test_every_arm_of_the_paper_is_planned(xtl, tiny_encoders):
    grid = "params/phang2020.yaml"
    done = xtl(
        "plan",
        grid,
        "--all",
        sets=["languages=available", *short(grid), *tiny(grid, tiny_encoders)],
    )
    for arm in ("multi", "mnli+mlm", "mnli-de"):
        assert f"xlmr-large-{arm}-s0" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, changes, targets",
    [
        (
            "phang2020",
            [
                "intermediates={ccg+mlm: [ccg, mlm], mnli-de: [{task: mnli, language: de, provenance: machine}]}",
                "targets=[mlqa, bucc]",
            ],
            {"mlqa": {"de", "en", "es"}, "bucc": {"de"}},
        ),
        (
            "architectures",
            [
                "intermediates={hellaswag: [hellaswag]}",
                "targets=[udpos]",
                "pretraining.tokenizer=200",
                "pretraining.steps=3",
                "pretraining.layers=1",
                "pretraining.hidden=16",
                "pretraining.heads=2",
                "pretraining.inner=32",
                "pretraining.batch_tokens=64",
                "pretraining.precision=fp32",
                "pretraining.length=32",
            ],
            {"udpos": {"de", "en", "es"}},
        ),
        ("quick", ["intermediates={csqa: [csqa], squad2: [squad2]}", "targets=[tydiqa]"], {"tydiqa": {"en"}}),
    ],
)
def test_small_versions_run(xtl, tiny_encoders, tmp_path, name, changes, targets):
    grid = f"params/{name}.yaml"
    # of the eight encoders of architectures.yaml the two XLNets: a public checkpoint and one that is pretrained here
    only = ["--only", "xlnet-*"] if name == "architectures" else []
    done = xtl("run", grid, *only, sets=[*SMALL, *tiny(grid, tiny_encoders), *changes])
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    scores = pd.concat(pd.read_parquet(p) for p in (tmp_path / "outputs").glob("runs/target/*/scores.parquet"))
    assert {t: set(part.language) for t, part in scores.groupby("target")} == targets
    assert scores.unknown.between(0, 1).all() and (scores.fertility > 0).all()
    submissions = tmp_path / "outputs" / name / "report" / "submissions"
    for target in targets:
        files = list(submissions.glob(f"*_none_s0/{'bucc2018' if target == 'bucc' else target}/test-*"))
        # untrained vectors may mine nothing: then the file is there and empty
        assert files and (target == "bucc" or all(path.stat().st_size for path in files))
