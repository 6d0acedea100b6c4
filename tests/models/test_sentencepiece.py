"""Checkpoints that hold a SentencePiece model and no tokenizer.json."""

import io
import json

import pytest
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

from tests.tokenizer_kinds import SENTENCES
from xtl.base.errors import UserError
from xtl.models.encoders import load_tokenizer

BERT = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "control_symbols": "[CLS],[SEP]",
        "user_defined_symbols": "[MASK]"}  # fmt: skip
T5 = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
DEBERTA = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]", "bos_piece": "[CLS]",
           "eos_piece": "[SEP]", "unk_piece": "[UNK]"}  # fmt: skip
XLNET = {"unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": 5, "control_symbols": "<cls>,<sep>",
         "user_defined_symbols": "<mask>"}  # fmt: skip
# model type -> the model's file, how it was trained, and a pair of texts as the family reads it
FAMILIES = {
    "xlm-roberta": ("sentencepiece.bpe.model", {}, "<s> A </s> </s> B </s>"),
    "xlm-roberta-xl": ("sentencepiece.bpe.model", {}, "<s> A </s> </s> B </s>"),
    "xmod": ("sentencepiece.bpe.model", {}, "<s> A </s> </s> B </s>"),
    "camembert": ("sentencepiece.bpe.model", {}, "<s> A </s> </s> B </s>"),
    "mt5": ("spiece.model", T5 | {"byte_fallback": True, "vocab_size": 400}, "A </s> B </s>"),
    "umt5": ("spiece.model", T5 | {"byte_fallback": True, "vocab_size": 400}, "A </s> B </s>"),
    "rembert": ("sentencepiece.model", BERT, "[CLS] A [SEP] B [SEP]"),
    "deberta-v2": ("spm.model", DEBERTA, "[CLS] A [SEP] B [SEP]"),
    "xlnet": ("spiece.model", XLNET, "A <sep> B <sep> <cls>"),
    "albert": ("spiece.model", BERT, "[CLS] A [SEP] B [SEP]"),
    "big_bird": ("spiece.model", BERT, "[CLS] A [SEP] B [SEP]"),
}


def folder_of(tmp_path, model_type, name, options):
    """A checkpoint of a type with a SentencePiece model, and the model."""
    content = io.BytesIO()
    options = {"vocab_size": 120, "hard_vocab_limit": False, "minloglevel": 2} | options
    SentencePieceTrainer.train(sentence_iterator=iter(SENTENCES * 5), model_writer=content, **options)
    (tmp_path / name).write_bytes(content.getvalue())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type, "vocab_size": 1000}))
    return SentencePieceProcessor(model_proto=content.getvalue())


@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_sentencepiece_model_is_read_as_its_family_reads_it(model_type, tmp_path):
    name, options, pair = FAMILIES[model_type]
    model = folder_of(tmp_path, model_type, name, options)
    tokenizer = load_tokenizer(tmp_path)
    for text in ("the cats are running", "und der hund", "в саду"):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.convert_ids_to_tokens(ids) == model.encode(text, out_type=str), text
    first, second = (" ".join(model.encode(text, out_type=str)) for text in ("the cats", "the garden"))
    coded = tokenizer("the cats", "the garden")["input_ids"]
    assert " ".join(tokenizer.convert_ids_to_tokens(coded)) == pair.replace("A", first, 1).replace("B", second, 1)
    saved = tmp_path / "saved"
    tokenizer.save_pretrained(saved)
    (saved / "config.json").write_bytes((tmp_path / "config.json").read_bytes())
    assert load_tokenizer(saved)("the cats", "the garden")["input_ids"] == coded


def test_numbers_of_pieces_are_those_of_the_weights(tmp_path):
    model = folder_of(tmp_path, "xlm-roberta-xl", "sentencepiece.bpe.model", {})
    tokenizer = load_tokenizer(tmp_path)
    # fairseq's numbers: <s>, <pad>, </s>, <unk>, then SentencePiece's, one higher
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>"]) == [0, 1, 2, 3]
    expected = [number + 1 for number in model.encode("the cats")]
    assert tokenizer("the cats")["input_ids"] == [0, *expected, 2]


def test_pieces_that_transformers_reads_otherwise_are_refused(tmp_path):
    folder_of(tmp_path, "fnet", "spiece.model", BERT)
    with pytest.raises(UserError, match="reads its SentencePiece model as .*, SentencePiece itself as ▁ t h e"):
        load_tokenizer(tmp_path)
