"""From a grid to its runs: identities that must not move, sharing, cells, languages, and what is missing."""

import copy

import pytest
import yaml

from xtl import plan as planning
from xtl.errors import UserError
from xtl.experiment import load

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
    # a batch size is read by trainings only, a retrieval prefix by retrieval only
    changed = set(plan(["training.prefix='query: '"]).runs)
    same = {run.id for run in plan().runs.values() if run.params.get("train_task") or run.phase == "intermediate"}
    assert same <= changed and len(ids - changed) == 3


def test_an_identity_is_this_one():
    """A pinned value: an accidental change of the canonical form would run everything again."""
    run = planning.make_run(
        "target", "a", {"train_task": "udpos", "seed": 0, "learning_rate": 2e-5}, {"checkpoint": "0" * 12}, {}
    )
    assert run.hash == "3dab4e931686edae61a3ef14d60382afcd771d8a363eb155954c60953c1be6b2"
    assert run.folder == f"target/a-{run.hash[:12]}"


def test_a_new_parameter_at_its_neutral_value_changes_no_identity(monkeypatch):
    before = planning.identity("target", {"a": 1}, {})
    monkeypatch.setitem(planning.ADDED, "target", {"sampler": None})
    assert planning.identity("target", {"a": 1, "sampler": None}, {}) == before
    assert planning.identity("target", {"a": 1, "sampler": "uniform"}, {}) != before
    monkeypatch.setitem(planning.VERSIONS, "target", 99)
    assert planning.identity("target", {"a": 1}, {}) != before


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


def test_what_is_not_built_yet_is_said_and_left_out(plan):
    made = plan(
        intermediates={"both": ["panx", "udpos"], "panx": ["panx"]},
        sources=["en", {"language": "de", "provenance": "machine"}],
    )
    assert len(made.not_yet) == 2 and "both" in made.not_yet[0] and "sources" in made.not_yet[1]
    assert set(made.cells.intermediate) == {"none", "panx"} and set(made.cells.source) == {"en"}
