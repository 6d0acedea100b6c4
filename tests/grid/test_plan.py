"""From a grid to its runs: identities that must not move, sharing, cells, languages, and what is missing."""

import copy
import subprocess
import sys

import pytest
import yaml

from xtl.base.errors import UserError
from xtl.base.places import REPOSITORY
from xtl.grid import plan as planning
from xtl.grid.blocks import Intermediate, Source
from xtl.grid.experiment import load
from xtl.runs import run as runs
from xtl.runs.record import Labels
from xtl.tasks.sources import HubSource, LabSource

GRID = {
    "name": "small",
    "question": "Does it work?",
    "data": "hub",
    "seeds": [0, 1],
    "intermediates": {"panx": ["panx"]},
    "targets": ["udpos", "tatoeba"],
    "languages": "available",
}


@pytest.fixture
def plan(tmp_path, monkeypatch, mirror, tiny_encoders, outputs):
    """Function: changes to GRID -> plan over the miniature mirror with one tiny encoder."""
    monkeypatch.setenv("XTL_MIRROR", str(mirror))

    def make(overrides=(), **changes):
        grid = copy.deepcopy({**GRID, "encoders": {"tiny": {"checkpoint": str(tiny_encoders["bert"])}}, **changes})
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump(grid))
        return planning.make(load(path, overrides))

    return make


def test_runs_cells_and_edges(plan):
    made = plan()
    kinds = [run.phase for run in made.runs.values()]
    # per seed: panx, udpos twice, tatoeba after panx; tatoeba after none trains nothing and is one run
    assert kinds.count("intermediate") == 2 and kinds.count("target") == 2 * 3 + 1
    assert len(made.cells) == 2 * 2 * 2
    seen = set()
    for run in made.runs.values():
        assert set(run.upstream.values()) <= seen
        seen.add(run.id)
    none = made.cells[(made.cells.intermediate == "none") & (made.cells.target == "tatoeba")]
    assert none.run_id.nunique() == 1 and sorted(none.seed) == [0, 1]
    assert "seed" not in made.runs[none.run_id.iloc[0]].params


def test_identities_follow_what_matters_and_nothing_else(plan, tmp_path, tiny_encoders):
    import shutil

    ids = set(plan().runs)
    assert set(plan(name="other", question="Another?").runs) == ids
    copied = shutil.copytree(tiny_encoders["bert"], tmp_path / "elsewhere")
    assert set(plan(encoders={"other-name": {"checkpoint": str(copied)}}).runs) == ids
    assert not set(plan(["training.learning_rate=1e-3"]).runs) & {
        run.id for run in plan().runs.values() if "learning_rate" in run.params
    }
    assert set(plan(["training.label_smoothing=0.0"]).runs) == ids
    assert len(ids - set(plan(["training.label_smoothing=0.1"]).runs)) == len(ids) - 1  # all but retrieval from none
    # a batch size is read by trainings only, a retrieval prefix by retrieval only
    changed = set(plan(["training.prefix='query: '"]).runs)
    same = {run.id for run in plan().runs.values() if run.params.get("train_task") or run.phase == "intermediate"}
    assert same <= changed and len(ids - changed) == 3


def test_planning_loads_no_torch():
    code = (
        "import sys\nfrom xtl.cli import load_plan\nload_plan('params/smoke.yaml', [])\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_an_identity_is_this_one():
    """A pinned value: an accidental change of the canonical form would run everything again."""
    run = runs.make_run(
        "target", "a", {"train_task": "udpos", "seed": 0, "learning_rate": 2e-5}, {"checkpoint": "0" * 12}, Labels()
    )
    assert run.hash == "b35f1f82f2a084f24b6b577e0414d732d22c403f38d6ded65adc751312fdd64c"
    assert run.folder == f"target/a-{run.hash[:12]}"


def test_a_new_parameter_at_its_neutral_value_changes_no_identity(monkeypatch):
    before = runs.identity("target", {"a": 1}, {})
    neutral = {"sampler": None}
    assert runs.identity("target", {"a": 1, "sampler": None}, {}, neutral) == before
    assert runs.identity("target", {"a": 1, "sampler": "uniform"}, {}, neutral) != before
    monkeypatch.setitem(runs.VERSIONS, "target", 99)
    assert runs.identity("target", {"a": 1}, {}) != before


def test_labels_seen_and_same_data_by_origin():
    """Translations hold the examples that they were made from; native data of another language are others."""
    mnli, german = ([{"task": "mnli", **more}] for more in ({}, {"language": "de", "provenance": "machine"}))
    tags = Intermediate(tasks=[{"task": "udpos", "language": "de"}])
    english, foreign = Source(), Source(language="de")
    hub, lab = HubSource(), LabSource()
    for parts in (mnli, german):
        assert planning.same_data(Intermediate(tasks=parts), "xnli", english, hub)
    assert planning.labels_seen(Intermediate(tasks=german), "xnli", english) == ["de"]
    assert planning.labels_seen(Intermediate(tasks=mnli), "xnli", english) == []
    assert planning.labels_seen(Intermediate(tasks=mnli), "xnli", foreign) == ["en"]
    assert planning.labels_seen(Intermediate(tasks=german), "udpos", english) == []
    assert not planning.same_data(tags, "udpos", english, hub) and planning.same_data(tags, "udpos", foreign, hub)
    assert planning.same_data(tags, "udpos", english, lab)


def test_what_an_encoder_has_seen_before_is_same_data(plan):
    base = plan(["intermediates.squad1=[squad1]", "targets=[udpos, xquad, tatoeba]"])
    name = next(iter(base.experiment.encoders))
    seen = f"encoders.{name}.seen=[squad1]"
    made = plan(["intermediates.squad1=[squad1]", "targets=[udpos, xquad, tatoeba]", seen])
    marked = {(c.intermediate, c.target) for c in made.cells.itertuples() if c.encoder == name and c.same_data}
    arms = set(made.cells.loc[made.cells["encoder"] == name, "intermediate"])
    # XQuAD trains on SQuAD after every arm; after the arm SQuAD, nothing is free of it
    assert marked == {(arm, "xquad") for arm in arms} | {("squad1", "udpos"), ("squad1", "tatoeba")}
    assert not any(c.same_data for c in made.cells.itertuples() if c.encoder != name and c.intermediate != "squad1")
    assert set(made.runs) == set(base.runs)
    english, german = Source(), Source(language="de", provenance="human")
    assert planning.labels_seen(Intermediate(), "xquad", english, ["squad1"]) == []
    assert planning.labels_seen(Intermediate(), "xquad", german, ["squad1"]) == ["en"]
    for wrong, message in (("tatoeba", "no task 'tatoeba' has training data"), ("mnly", "no task 'mnly'")):
        with pytest.raises(UserError, match=message):
            plan([f"encoders.{name}.seen=[{wrong}]"])
    with pytest.raises(UserError, match="names a task twice"):
        plan([f"encoders.{name}.seen=[mnli, mnli]"])


def test_same_data_is_marked(plan):
    cells = plan(["intermediates.udpos=[udpos]", "intermediates.squad1=[squad1]", "targets=[udpos, xquad]"]).cells
    marked = {(c.intermediate, c.target) for c in cells.itertuples() if c.same_data}
    assert marked == {("udpos", "udpos"), ("squad1", "xquad")}


def test_languages_lists_maps_and_available(plan):
    made = plan()
    assert {"udpos", "tatoeba"} == set(made.missing.target)
    assert "af" in set(made.missing.language) and "de" not in set(made.missing.language)
    run = next(r for r in plan(languages=["en", "de"]).runs.values() if "tatoeba" in r.params.get("evaluate", {}))
    assert run.params["evaluate"]["tatoeba"] == ["de"]  # English has no row there
    with pytest.raises(UserError, match="tatoeba has no language 'en'"):
        plan(languages={"udpos": ["de"], "tatoeba": ["en"]})
    with pytest.raises(UserError, match="'xx'"):
        plan(languages=["de", "xx"])
    with pytest.raises(UserError, match="lacks fr"):
        plan(languages=["de", "fr"])
    with pytest.raises(UserError, match="lacks af"):
        plan(languages=None)


def test_data_that_is_not_there_is_one_sentence(plan, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("XTL_MIRROR", str(tmp_path / "empty"))
    with pytest.raises(UserError, match="google/xtreme"):
        plan()


def test_sources_share_what_trains_nothing_and_lacking_ones_are_said(plan):
    grid = dict(
        targets=["pawsx", "udpos", "tatoeba"],
        sources=["en", {"language": "de", "provenance": "machine"}],
        training={"max_train_examples": 24},
    )
    made = plan(**grid)
    found = {(c.target, c.source, c.provenance) for c in made.cells.itertuples()}
    assert found == {
        ("pawsx", "en", "native"), ("pawsx", "de", "machine"), ("udpos", "en", "native"), ("tatoeba", "en", "native"),
    }  # fmt: skip
    assert len(made.notes) == 1 and "udpos has no training data in de (machine-translated)" in made.notes[0]
    german = next(r for r in made.runs.values() if r.params.get("source"))
    assert german.params["source"] == {"language": "de", "provenance": "machine", "translator": None}
    assert "pawsx/train/de/machine" in german.params["inputs"] and "de-machine" in german.slug
    with pytest.raises(UserError, match="equal sizes; set training.max_train_examples"):
        plan(**{**grid, "training": {}})
    with pytest.raises(UserError, match="sources: .* xnli|sources: task mnli has no training data in fi"):
        plan(targets=["xnli"], sources=[{"language": "fi", "provenance": "human"}])


def test_several_tasks_and_a_control_of_equal_steps(plan):
    made = plan(
        intermediates={
            "both": {"tasks": ["panx", "mlm"], "sampler": "temperature", "temperature": 4, "training": {"epochs": 1}},
            "none+both": {"steps_of": "both"},
        },
        seeds=[0],
    )
    by_name = {run.slug: run for run in made.runs.values()}
    both, control = by_name["tiny-both-s0"], by_name["tiny-none+both-udpos-s0"]
    assert both.params["tasks"] == ["panx", "mlm"] and (both.params["temperature"], both.params["epochs"]) == (4.0, 1.0)
    assert both.params["lengths"]["mlm"] == {"max_length": 128, "stride": 64, "step": None}
    by_step = plan(
        intermediates={"both": {"tasks": ["panx", "mlm"], "training": {"step": 32}}},
        overrides=["overrides.panx.stride=8", "overrides.mlm.max_length=64"],
        seeds=[0],
    )
    lengths = next(run for run in by_step.runs.values() if run.phase == "intermediate").params["lengths"]
    assert lengths == {
        "panx": {"max_length": 128, "stride": 8, "step": None},
        "mlm": {"max_length": 64, "stride": None, "step": 32},
    }
    assert control.upstream == {"longer_by": both.id} and by_name["tiny-both-udpos-s0"].upstream == {
        "checkpoint": both.id
    }
    # what trains nothing has no steps to add: the control has no retrieval
    cells = made.cells[made.cells.target == "tatoeba"].set_index("intermediate").run_id
    assert list(cells.index) == ["none", "both"] and cells["none"] != cells["both"]
    assert list(made.runs).index(both.id) < list(made.runs).index(control.id)


def test_encoders_and_sources_are_crossed_with_the_intermediates_that_they_name(plan, tiny_encoders):
    tiny = str(tiny_encoders["bert"])
    made = plan(
        encoders={"all": {"checkpoint": tiny}, "plain": {"checkpoint": tiny, "intermediates": ["none"]}},
        targets=["pawsx", "tatoeba"],
        sources=["en", {"language": "de", "provenance": "machine", "intermediates": ["none"]}],
        training={"max_train_examples": 24},
        seeds=[0],
    )
    found = {(c.encoder, c.intermediate, c.target, c.source) for c in made.cells.itertuples()}
    assert found == {
        *(("all", name, target, "en") for name in ("none", "panx") for target in ("pawsx", "tatoeba")),
        *(("plain", "none", target, "en") for target in ("pawsx", "tatoeba")),
        ("all", "none", "pawsx", "de"), ("plain", "none", "pawsx", "de"),
    }  # fmt: skip
    # what a block is crossed with is no part of what it computes
    assert len(set(made.cells.run_id)) == 5


def test_an_encoder_has_settings_of_its_own(plan, tiny_encoders):
    """From weak to strong: training, overrides of the task, the encoder's training, and its tasks."""
    tiny = str(tiny_encoders["bert"])
    own = {"learning_rate": 1e-4, "tasks": {"udpos": {"learning_rate": 3e-4}, "both": {"batch_size": 8}}}
    made = plan(
        ["overrides.panx={learning_rate: 2.0e-4, epochs: 7}"],
        encoders={"plain": {"checkpoint": tiny}, "own": {"checkpoint": tiny, "training": own}},
        intermediates={"panx": ["panx"], "both": {"tasks": ["panx", "udpos"], "training": {"learning_rate": 5e-4}}},
        seeds=[0],
    )
    values = {run.slug: (run.params.get("learning_rate"), run.params.get("epochs")) for run in made.runs.values()}
    assert values["plain-panx-s0"] == (2e-4, 7)
    assert values["own-panx-s0"] == (1e-4, 7)
    assert values["own-none-udpos-s0"] == (3e-4, 3)
    assert values["plain-both-s0"] == (5e-4, 3)
    assert values["own-both-s0"] == (1e-4, 3)
    sizes = {run.slug: run.params["batch_size"] for run in made.runs.values() if run.phase == "intermediate"}
    assert sizes == {"plain-panx-s0": 32, "plain-both-s0": 32, "own-panx-s0": 32, "own-both-s0": 8}


def test_settings_of_an_encoder_that_say_nothing_new_change_no_identity(plan, tiny_encoders):
    tiny = str(tiny_encoders["bert"])
    default = {"learning_rate": 2e-5, "tasks": {"udpos": {"epochs": 3}}}
    assert set(plan(encoders={"tiny": {"checkpoint": tiny, "training": default}}).runs) == set(plan().runs)


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"rate": 1}, "unknown key 'training.rate'; known there: learning_rate"),
        ({"learning_rate": -1}, "encoders.tiny.training: learning_rate: input should be greater than 0"),
        ({"tasks": {"udpos": {"rate": 1}}}, "unknown key 'training.tasks.udpos.rate'"),
        ({"tasks": {"udpos": 3}}, "training.tasks.udpos is a map"),
        ({"tasks": ["udpos"]}, "training.tasks is a map"),
        ({"tasks": {"nothing": {"epochs": 1}}}, "encoders.tiny.training.tasks.nothing: unknown task; known: "),
        ({"tasks": {"udpos": {"epochs": 0}}}, "encoders.tiny.training: epochs: input should be greater than 0"),
        ({"max_eval_examples": 5}, "compared on the same test examples"),
    ],
)
def test_mistakes_in_settings_of_an_encoder_are_one_sentence(plan, tiny_encoders, training, said):
    with pytest.raises(UserError) as caught:
        plan(encoders={"tiny": {"checkpoint": str(tiny_encoders["bert"]), "training": training}})
    assert said in str(caught.value) and len(str(caught.value)) < 400


def test_shots_need_development_sets_of_the_test_languages(plan):
    made = plan(targets=["udpos"], training={"shots": 4})
    run = next(r for r in made.runs.values() if r.phase == "target")
    assert (run.params["shots"], run.params["shot_steps"]) == (4, 50) and "udpos/validation/de" in run.params["inputs"]
    with pytest.raises(UserError, match="task xquad has no development sets in other languages"):
        plan(targets=["xquad"], training={"shots": 4})


# A grid of the laboratory, and its identities before several tasks, sources, selection rules and shots were there.
OLD = """
name: old
question: Are its runs still the same?
data: lab
lab: {languages: 12, sentences: 1500, train: 2000, test: 60}
seeds: [0]
encoders: {bert: {pretrain: {architecture: bert}}, xlnet: {pretrain: {architecture: xlnet}}}
pretraining:
  {layers: 2, hidden: 64, heads: 2, inner: 128, steps: 150, batch_tokens: 1024, recipe: {pairs: 0.5, predicted: 0.4}}
intermediates: {mnli: [mnli]}
targets: [xnli, xquad, tatoeba]
languages: [en, qaa, qab, qad]
training: {learning_rate: 1.0e-3, epochs: 1, max_steps: 60}
"""
BEFORE = {
    "bert-s0": "d7bab4210548", "bert-mnli-s0": "243a1d67682d", "bert-none-xnli-s0": "22847be8e438",
    "xlnet-mnli-xquad-s0": "73b8e24deaee", "xlnet-none-tatoeba-s0": "83255faabfd6",
}  # fmt: skip


def test_new_arms_leave_old_identities_alone(tmp_path):
    (tmp_path / "old.yaml").write_text(OLD)
    made = planning.make(load(tmp_path / "old.yaml"))
    found = {run.slug: run.id for run in made.runs.values()}
    assert {name: found[name] for name in BEFORE} == BEFORE
