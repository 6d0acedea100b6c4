"""Encoders: building one from scratch, loading one, and its sentence embeddings."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from xtl.base.errors import UserError
from xtl.models.checkpoints import mirrored

# Over the tokens of the sentence; the classification token; over special tokens too, as XTREME's script averages.
POOLINGS = ("mean", "cls", "mean_special", "mean_padded")
# The authors read XLM-R Large (24 layers) at layer 14 (PROTOCOL: the jiant replication); the same relative depth
# is the recipe for every encoder, so that no layer is ever chosen on the test languages.
RECIPE_DEPTH = 14 / 24


def load_tokenizer(checkpoint: str | Path, revision: str | None = None):
    """The fast tokenizer of a checkpoint, quiet about long inputs (tasks cut or split them themselves)."""
    from transformers import AutoTokenizer

    with loading(checkpoint):
        where = mirrored(str(checkpoint))
        tokenizer = AutoTokenizer.from_pretrained(where, revision=revision, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise UserError(f"encoder '{checkpoint}': its tokenizer has no fast version, and word positions need one.")
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return tokenizer


def coverage(tokenizer, sentences: list[str]) -> dict[str, float]:
    """How well a vocabulary covers a text: `unknown`, the share of its pieces that are the unknown token (0 to 1), and
    `fertility`, pieces per word parted by white space (of little meaning where a script writes no spaces).
    """
    coded = tokenizer(sentences, add_special_tokens=False)["input_ids"]
    pieces, words = sum(map(len, coded)), sum(len(s.split()) for s in sentences)
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in coded) if tokenizer.unk_token_id is not None else 0
    return {"unknown": unknown / max(1, pieces), "fertility": pieces / max(1, words)}


@contextmanager
def spaced_words(tokenizer) -> Iterator[None]:
    """Let a byte-level tokenizer read every word of a list as it reads words in a text, with a space before it.

    By default it would read the words of a list as if they were glued together, with other pieces (RoBERTa's).
    """
    reader = tokenizer.backend_tokenizer.pre_tokenizer
    if type(reader).__name__ != "ByteLevel" or reader.add_prefix_space:
        yield
        return
    reader.add_prefix_space = True
    try:
        yield
    finally:
        reader.add_prefix_space = False


@contextmanager
def loading(checkpoint: str | Path) -> Iterator[None]:
    """Hold back what transformers prints while a checkpoint is loaded (its report of head weights that find no place is
    the intention here), and raise UserError where it cannot be.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, KeyError, SafetensorError) as error:  # custom code is refused as a ValueError
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"encoder '{checkpoint}': it cannot be loaded ({reason}); give a folder or a Hub id.") from None
    except pickle.UnpicklingError:
        raise UserError(
            f"encoder '{checkpoint}': it cannot be loaded: its PyTorch file holds more than weights, which may be "
            "harmful code; take a checkpoint in safetensors."
        ) from None
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_encoder(checkpoint: str | Path, revision: str | None = None):
    """The bare encoder of a checkpoint, in evaluation mode and float32."""
    import torch
    from transformers import AutoConfig, AutoModel

    with loading(checkpoint):
        where = mirrored(str(checkpoint))
        settings = AutoConfig.from_pretrained(where, revision=revision, trust_remote_code=False)
        options = dict(config=settings, revision=revision, dtype=torch.float32, weights_only=True)
        return AutoModel.from_pretrained(where, **options).eval()


def architecture_of(checkpoint: str | Path) -> str:
    """The `model_type` of a folder's configuration, or of the Hub's where it must be asked."""
    folder = Path(mirrored(str(checkpoint))).expanduser()
    if folder.is_dir():
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    from transformers import AutoConfig

    with loading(checkpoint):
        return AutoConfig.from_pretrained(str(checkpoint), trust_remote_code=False).model_type


# ---- building one from scratch -------------------------------------------------------------------------------------


def scratch_tokenizer(vocabulary, architecture: str, length: int, segments: bool):
    """A shared sub-word vocabulary dressed as the tokenizer of one architecture.

    The ids of the special tokens are the shared vocabulary's, whatever the architecture's defaults are; only their
    places follow the architecture: `[CLS] A [SEP] B [SEP]` (bert), `[CLS] A [SEP] [SEP] B [SEP]` (roberta) and
    `A [SEP] B [SEP] [CLS]` with padding on the left (xlnet).

    Args:
        vocabulary: a `tokenizers.Tokenizer` that knows [PAD] [UNK] [CLS] [SEP] [MASK].
        length: longest input in tokens.
        segments: whether the encoder learns segment ids; without them none are ever given, so that fine-tuning
            never uses an embedding that pretraining left untouched.
    """
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    single, pair = {
        "bert": ("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"),
        "roberta": ("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 [SEP]:1 $B:1 [SEP]:1"),
        "xlnet": ("$A:0 [SEP]:0 [CLS]:2", "$A:0 [SEP]:0 $B:1 [SEP]:1 [CLS]:2"),
    }[architecture]
    inner = Tokenizer.from_str(vocabulary.to_str())
    special = [(name, inner.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    inner.post_processor = TemplateProcessing(single=single, pair=pair, special_tokens=special)
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if segments else [])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        padding_side="left" if architecture == "xlnet" else "right",
        model_max_length=length,
        model_input_names=names,
    )


def scratch_config(architecture: str, tokenizer, layers: int, hidden: int, heads: int, inner: int, length: int):
    """The configuration of an encoder of the given size; special ids are the tokenizer's, dropout is off.

    `inner` is the width of the feed-forward layers.

    With about one pass over the corpus there is nothing to regularise, and equal (absent) dropout keeps the
    architectures matched: XLNet applies it in other places than BERT does.
    """
    from transformers import AutoConfig

    ids = dict(
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.cls_token_id, eos_token_id=tokenizer.sep_token_id
    )
    if architecture == "xlnet":
        return AutoConfig.for_model(
            "xlnet",
            vocab_size=len(tokenizer),
            d_model=hidden,
            n_layer=layers,
            n_head=heads,
            d_inner=inner,
            ff_activation="gelu",
            dropout=0.0,
            summary_last_dropout=0.0,
            summary_type="last",
            use_mems_eval=False,
            use_mems_train=False,
            **ids,
        )
    extra = tokenizer.pad_token_id + 1 if architecture == "roberta" else 0  # RoBERTa counts positions from pad + 1
    return AutoConfig.for_model(
        architecture,
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=length + extra,
        type_vocab_size=2 if "token_type_ids" in tokenizer.model_input_names else 1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        classifier_dropout=0.0,
        **ids,
    )


def parameters(model) -> dict:
    """Counts of a model's parameters: all of them, and those outside the embedding tables."""
    import torch

    tables = {id(p) for m in model.modules() if isinstance(m, torch.nn.Embedding) for p in m.parameters()}
    sizes = {id(p): p.numel() for p in model.parameters()}
    return {
        "parameters": sum(sizes.values()),
        "parameters_outside_embeddings": sum(n for i, n in sizes.items() if i not in tables),
    }


# ---- reading one ---------------------------------------------------------------------------------------------------


def recipe_layer(layers: int, layer: int | None = None) -> int:
    """The layer that a retrieval score is read at: the given one, else 14/24 of the depth (0 is the embeddings).

    Raises UserError for a layer that the encoder does not have.
    """
    if layer is None:
        return max(1, math.floor(RECIPE_DEPTH * layers + 0.5))
    if not 0 <= layer <= layers:
        raise UserError(f"training.layer: the encoder has layers 0 (embeddings) to {layers}, not {layer}.")
    return layer


def on_device(model):
    """The model on the GPU, where there is one."""
    import torch

    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def depth_of(model) -> int:
    """The number of an encoder's layers, the embeddings not counted."""
    return model.config.num_hidden_layers


def embed(
    model,
    tokenizer,
    sentences: list[str],
    max_length: int = 128,
    batch_tokens: int = 8192,
    prefix: str = "",
    layers: list[int] | None = None,
) -> np.ndarray:
    """Embeddings of sentences at every layer and by every pooling, in one forward pass.

    `mean` averages over the tokens that are neither special nor padding; `cls` is the classification token,
    wherever the family puts it; `mean_special` averages over all that is not padding, `mean_padded` over padding too,
    as XTREME's script does: it depends on which sentences share a batch (those of similar length). Without
    `target_mapping`, XLNet's hidden states are its content stream.

    Returns:
        float32 array (layers + 1, poolings, sentences, hidden); layer 0 is the embedding layer, poolings as POOLINGS.
        With `layers`, only these layers, in that order.
    """
    import torch

    coded = tokenizer(
        [prefix + s for s in sentences], truncation=True, max_length=max_length, return_special_tokens_mask=True
    )
    order = sorted(range(len(sentences)), key=lambda i: (-len(coded["input_ids"][i]), i))
    out, start = None, 0
    with torch.inference_mode():
        while start < len(order):
            longest = len(coded["input_ids"][order[start]])
            rows = order[start : start + max(1, batch_tokens // max(1, longest))]
            start += len(rows)
            batch = tokenizer.pad({k: [coded[k][i] for i in rows] for k in coded.keys()}, return_tensors="pt").to(
                model.device
            )
            # a padded position counts as special, whatever the tokenizer fills in
            inner = batch["attention_mask"].bool() & ~batch.pop("special_tokens_mask").bool()
            inner |= (
                ~inner.any(1, keepdim=True) & batch["attention_mask"].bool()
            )  # an empty sentence has only special tokens
            first = (batch["input_ids"] == tokenizer.cls_token_id).int().argmax(1)
            states = model(**batch, output_hidden_states=True).hidden_states
            states = torch.stack([states[i] for i in layers] if layers else states)  # (layers, batch, length, hidden)
            means = []
            attended = batch["attention_mask"].bool()
            for chosen in (inner, attended, torch.ones_like(attended)):
                weights = chosen.to(states.dtype)
                means.append((states * weights[None, :, :, None]).sum(2) / weights.sum(1)[None, :, None])
            cls = states[:, torch.arange(len(rows), device=first.device), first]
            if out is None:
                out = np.empty((len(states), len(POOLINGS), len(sentences), states.shape[-1]), dtype=np.float32)
            out[:, :, rows] = torch.stack([means[0], cls, *means[1:]], 1).cpu().numpy()
    return out
