"""Tiny tokenizers and encoders of two families, and the miniature mirror as a data source."""

import string

import pytest
import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, XLNetConfig, XLNetModel

from xtl.tasks.sources import HubSource

WORDS = "the cat fox sat saw in on mat who what where did it is ##s ##ing . , ?".split()
# Words of this vocabulary are one sub-token, `cats` is two (cat ##s), and any other word one per letter.
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
VOCABULARY += [c for c in string.ascii_letters + string.digits if c not in VOCABULARY]
VOCABULARY += [f"##{c}" for c in string.ascii_letters + string.digits if f"##{c}" not in VOCABULARY]


def make_tokenizer(family: str) -> PreTrainedTokenizerFast:
    """bert: [CLS] A [SEP] B [SEP], pads right. xlnet: A [SEP] B [SEP] [CLS], pads left."""
    inner = Tokenizer(WordPiece({w: i for i, w in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=False)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    single, pair = {
        "bert": ("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"),
        "xlnet": ("$A:0 [SEP]:0 [CLS]:2", "$A:0 [SEP]:0 $B:1 [SEP]:1 [CLS]:2"),
    }[family]
    inner.post_processor = TemplateProcessing(single=single, pair=pair, special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        padding_side="left" if family == "xlnet" else "right",
        model_input_names=["input_ids", "attention_mask", "token_type_ids"],
    )


@pytest.fixture(params=["bert", "xlnet"])
def family(request):
    """Two families: one pads right with the classification token first, one pads left with it last."""
    return request.param


@pytest.fixture
def tokenizer(family):
    return make_tokenizer(family)


@pytest.fixture(scope="session")
def encoders(tmp_path_factory):
    """Folders of a tiny encoder of each family, without a head, as a pretraining run leaves them."""
    root, size = tmp_path_factory.mktemp("encoders"), len(VOCABULARY)
    torch.manual_seed(0)
    bert = BertConfig(
        vocab_size=size, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64,
    )  # fmt: skip
    xlnet = XLNetConfig(vocab_size=size, d_model=8, n_layer=1, n_head=2, d_inner=16, pad_token_id=0)
    for name, model in (("bert", BertModel(bert)), ("xlnet", XLNetModel(xlnet))):
        model.save_pretrained(root / name)
        make_tokenizer(name).save_pretrained(root / name)
    return {name: root / name for name in ("bert", "xlnet")}


@pytest.fixture
def hub(mirror, folders, tmp_path, monkeypatch):
    """The miniature mirror as XTL_MIRROR, with a fresh folder of outputs; gives the data source."""
    monkeypatch.setenv("XTL_MIRROR", str(mirror))
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "outputs"))
    return HubSource(folders=folders)
