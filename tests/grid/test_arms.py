"""Every arm that a grid can declare, end to end in a tiny laboratory."""

import json

import pandas as pd
import pytest

from tests.command import xtl

pytestmark = pytest.mark.slow
GRID = """
name: arms
question: Does every arm run?
data: lab
lab: {languages: 12, sentences: 400, train: 200, test: 20}
encoders: {tiny: {pretrain: {architecture: roberta}}}
pretraining: {layers: 1, hidden: 16, heads: 2, inner: 16, steps: 5, batch_tokens: 256, recipe: {segments: true}}
intermediates:
  all: {tasks: [anli+, squad2, csqa, mlm], sampler: temperature, cap: 200, training: {max_steps: 12}}
  mnli-qaa: [{task: mnli, language: qaa, provenance: machine}]
  none+all: {steps_of: all}
targets: [xnli, udpos, tatoeba]
sources: [en, {language: qaa, provenance: human, intermediates: [none, all]}]
languages: [en, qaa, qad]
training: {learning_rate: 1.0e-3, max_steps: 4, batch_size: 8, max_train_examples: 100, oracle: true,
  selection: average}
overrides: {udpos: {shots: 5, shot_steps: 2, selection: english_dev, oracle: false}}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The outputs of the grid: run.json by slug, and all score rows."""
    root = tmp_path_factory.mktemp("arms")
    (root / "arms.yaml").write_text(GRID)
    done = xtl("run", root / "arms.yaml", XTL_OUTPUTS=str(root / "outputs"))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    runs = {}
    for path in (root / "outputs").glob("runs/*/*/run.json"):
        record = json.loads(path.read_text())
        runs[path.parent.name.rsplit("-", 1)[0]] = record
    scores = pd.concat(pd.read_parquet(p) for p in (root / "outputs").glob("runs/target/*/scores.parquet"))
    return root / "outputs", runs, scores


def test_several_tasks_share_the_steps(ran):
    facts = ran[1]["tiny-all-s0"]["facts"]
    assert facts["steps"] == 12 == sum(facts["steps_of"].values())
    assert set(facts["steps_of"]) == {"anli+", "squad2", "csqa", "mlm"}
    assert {row["task"] for row in facts["english_dev_scores"]} == {"anli+", "squad2", "csqa"}


def test_the_control_trains_as_long_as_the_intermediate_arm(ran):
    _, runs, _ = ran
    plain, control = runs["tiny-none-xnli-s0"]["facts"], runs["tiny-none+all-xnli-s0"]["facts"]
    assert (plain["steps"], control["steps"]) == (4, 4 + 12)


def test_sources_are_kept_apart(ran):
    scores = ran[2]
    found = set(zip(scores.source, scores.provenance, scores.target, strict=True))
    assert found == {
        ("en", "native", "xnli"), ("en", "native", "udpos"), ("en", "native", "tatoeba"),
        ("qaa", "human", "xnli"), ("qaa", "human", "udpos"),
    }  # fmt: skip
    foreign = scores[(scores.source == "qaa") & (scores.target == "xnli") & scores.headline]
    untouched = foreign.groupby(["intermediate", "language"]).zero_shot.all()
    assert untouched["none"].to_dict() == {"en": True, "qaa": False, "qad": True}
    assert untouched["all"].to_dict() == {"en": False, "qaa": False, "qad": True}  # ANLI+ holds English MNLI
    assert set(scores[scores.target != "tatoeba"].n_train) == {100}


def test_a_language_whose_labels_an_intermediate_saw_is_not_zero_shot(ran):
    """MNLI in qaa is XNLI's own training data; to tagging it is another task."""
    english = ran[2].query("source == 'en' and intermediate == 'mnli-qaa' and headline")
    found = english.groupby(["target", "language"]).zero_shot.all()
    assert found["xnli"].to_dict() == {"en": False, "qaa": False, "qad": True}
    plain = ran[2].query("source == 'en' and intermediate == 'none' and target == 'xnli' and headline")
    assert plain.groupby("language").zero_shot.all().to_dict() == {"en": False, "qaa": True, "qad": True}
    assert found["tatoeba"].all()


def test_every_rule_of_selection_is_beside_the_headline(ran):
    scores = ran[2]
    xnli = scores[(scores.target == "xnli") & (scores.source == "en") & (scores.intermediate == "none")]
    assert set(xnli[xnli.headline].selection) == {"average"}
    assert {rule.split("@")[0] for rule in xnli[~xnli.headline].selection} == {
        "last",
        "average",
        "english_dev",
        "oracle",
    }
    assert not xnli[xnli.selection.str.startswith("oracle")].zero_shot.any()
    own = xnli[xnli.selection == "average"].pivot_table(index="language", columns="headline", values="value")
    assert (own[True] == own[False]).all()
    best = xnli[~xnli.headline].groupby([xnli.selection.str.split("@").str[0], "language"]).value.first().unstack(0)
    assert (best.oracle >= best["last"]).all() and (best.oracle >= best.english_dev).all()


def test_shots_are_not_zero_shot(ran):
    udpos = ran[2].query("target == 'udpos' and source == 'en' and metric == 'f1'")
    by_language = udpos.groupby("language")[["zero_shot", "shots"]].first()
    assert not by_language.zero_shot.any()
    assert by_language.shots.fillna(0).to_dict() == {"en": 0, "qaa": 5, "qad": 5}


def test_the_report_shows_every_arm(ran):
    text = (ran[0] / "arms" / "report" / "index.html").read_text()
    for arm in ("all", "mnli-qaa", "none+all", "Source languages"):
        assert arm in text
