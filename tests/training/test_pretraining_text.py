"""Pretraining text from the Hub's Wikipedia (in miniature): sentences, documents, a vocabulary trained once."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xtl.base.errors import UserError
from xtl.grid.blocks import Pretrain
from xtl.models.recipes import Pretraining
from xtl.models.vocabularies import SPECIAL
from xtl.tasks.sources import from_parameters
from xtl.training import pretrain as pretraining
from xtl.training import pretraining_text as corpora


def test_sentences_end_at_marks_of_several_scripts_and_at_lines():
    assert corpora.sentences("One. Two! Is 3.5 three?\nFour") == ["One.", "Two!", "Is 3.5 three?", "Four"]
    assert corpora.sentences("一。二！ 三") == ["一。", "二！", "三"]
    assert corpora.sentences("यह एक है। दो") == ["यह एक है।", "दो"]
    assert corpora.sentences(" \n ") == []


@pytest.fixture
def plain(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("XTL_MIRROR", str(mirror))
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path))
    return {"kind": "hub", "corpus": "mlm", "languages": ["en", "de"], "documents": 4, "pieces": 120, "revisions": {}}


def test_a_vocabulary_is_trained_once_for_all_architectures(plain, monkeypatch):
    source = corpora.corpus_of(plain)
    first = source.vocabulary()
    assert first.get_vocab_size() <= 120 and [first.token_to_id(t) for t in SPECIAL] == [0, 1, 2, 3, 4]
    monkeypatch.setattr(corpora.Plain, "_sample", lambda self: pytest.fail("trained again"))
    assert corpora.corpus_of(plain).vocabulary().to_str() == first.to_str()
    assert source.languages() == ["en", "de"] and len(source.documents("de")) == 4 and source.pairs("de") == []


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlnet"])
def test_an_encoder_is_trained_on_it(plain, architecture, tmp_path):
    size = dict(layers=1, hidden=16, heads=2, inner=32, length=32)
    settings = Pretraining(architecture=architecture, steps=3, long_share=0.5, batch_tokens=64, **size)
    data = pretraining.prepare(settings, plain, seed=0)
    assert data.table.set_index("language")["documents"].to_dict() == {"en": 4, "de": 4}
    model = pretraining.build(settings, data.tokenizer, seed=0)
    log = pretraining.train(settings, model, data, tmp_path / architecture, seed=0)
    assert np.isfinite(log.loss).all()


@pytest.mark.parametrize(
    "given, message",
    [
        (dict(corpus="nowhere"), "unknown corpus 'nowhere'; known: lab, mlm"),
        (dict(corpus="mlm"), "another corpus with a number of pieces"),
        (dict(tokenizer=300), "corpus lab goes with tokenizer lab"),
        (dict(corpus="mlm", tokenizer=300, recipe={"pairs": 0.3}), "holds no translations"),
    ],
)
def test_what_does_not_go_together(given, message):
    with pytest.raises(ValueError, match=message):
        Pretrain(architecture="bert", **given)


def test_a_lacking_language_is_said(plain):
    with pytest.raises(UserError, match="no config 20231101.sw"):
        from_parameters(plain).examples("mlm", "train", "sw")


def test_damaged_documents_are_left_out_and_counted_where_the_grid_says_so(plain, mirror, tmp_path, monkeypatch):
    copy = shutil.copytree(mirror, tmp_path / "copy")
    monkeypatch.setenv("XTL_MIRROR", str(copy))
    path = copy / "wikimedia/wikipedia/20231101.de/train-00000-of-00001.parquet"
    pq.write_table(pa.table({"id": ["1", "2"], "text": ["Ein Satz. Noch einer.", None]}), path)
    with pytest.raises(UserError, match="20231101.de, split train: 1 of 2 rows are damaged: row 1 .text lacks"):
        corpora.corpus_of(plain).documents("de")
    corpus = corpora.corpus_of({**plain, "rows": "skip"})
    assert corpus.documents("de") == [["Ein Satz.", "Noch einer."]]
    assert corpus.left_out == {"wikimedia/wikipedia, config 20231101.de, split train": 1}
