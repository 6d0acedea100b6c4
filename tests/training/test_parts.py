"""What a training reads, and that damaged rows are found before it trains."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xtl.base.errors import UserError
from xtl.evaluation import retrieval
from xtl.tasks.sources import HubSource
from xtl.training import finetune
from xtl.training.settings import IntermediateSettings, TargetSettings

SIZES = {"seed": 0, "max_steps": 1, "batch_size": 2, "max_length": 32, "max_train_examples": 4}


@pytest.fixture
def damaged(mirror, folders, tmp_path, monkeypatch):
    """A mirror in which a row of a Spanish test set, a German pool and an English development set is damaged."""
    root = shutil.copytree(mirror, tmp_path / "copy")
    places = {"google/xtreme/PAN-X.es/test": "tokens", "google/xtreme/tatoeba.deu/validation": "source_sentence",
              "nyu-mll/glue/mnli/validation_matched": "hypothesis"}  # fmt: skip
    for name, column in places.items():
        path = root / f"{name}-00000-of-00001.parquet"
        table = pq.read_table(path)
        values = table.column(column).to_pylist()
        values[3] = None
        place = table.column_names.index(column)
        pq.write_table(table.set_column(place, column, pa.array(values, table.schema.field(column).type)), path)
    monkeypatch.setenv("XTL_MIRROR", str(root))
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "outputs"))
    return HubSource(folders=folders)


def target(encoder, train_task, evaluate):
    return TargetSettings(
        **SIZES, data={"kind": "hub"}, checkpoint=str(encoder), train_task=train_task, evaluate=evaluate
    )


def test_damaged_test_sets_are_found_before_the_training(damaged, tiny_encoders, tmp_path, monkeypatch):
    monkeypatch.setattr(finetune, "fit", lambda *_, **__: pytest.fail("it trained"))
    settings = target(tiny_encoders["bert"], "panx", {"panx": ["de", "es"]})
    with pytest.raises(UserError, match="PAN-X.es, split test: 1 of 8 rows are damaged: row 3 .tokens lacks"):
        finetune.fine_tune(settings, damaged, tmp_path)


def test_damaged_development_sets_are_found_where_they_are_read(damaged, tiny_encoders, tmp_path, monkeypatch):
    monkeypatch.setattr(finetune, "fit", lambda *_, **__: pytest.fail("it trained"))
    mnli = IntermediateSettings(
        **SIZES, data={"kind": "hub"}, checkpoint=str(tiny_encoders["bert"]), tasks=[{"task": "mnli"}]
    )
    with pytest.raises(UserError, match="validation_matched: 1 of 8 rows are damaged: row 3 .hypothesis lacks"):
        finetune.fine_tune(mnli, damaged, tmp_path)


def test_damaged_pools_are_found_before_anything_is_embedded(damaged, tiny_encoders, tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval, "embed", lambda *_, **__: pytest.fail("it embedded"))
    settings = target(tiny_encoders["bert"], "", {"tatoeba": ["es", "de"]})
    with pytest.raises(UserError, match="tatoeba.deu, split validation: 1 of 8 rows are damaged"):
        retrieval.evaluate(settings, damaged, tmp_path)


def test_what_is_left_out_is_a_fact_of_the_run(damaged, tiny_encoders, tmp_path):
    skipping = HubSource(folders=damaged.folders, rows="skip")
    trained = finetune.fine_tune(target(tiny_encoders["bert"], "panx", {"panx": ["de", "es"]}), skipping, tmp_path)
    assert trained.n_train == 4
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["rows_left_out"] == {"google/xtreme, config PAN-X.es, split test": 1}
