"""Encoders: identities of checkpoints, building one from scratch, loading one, and its sentence embeddings."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from xtl import lock
from xtl.errors import UserError

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
# Over the tokens of the sentence; the classification token; over special tokens too, as XTREME's script averages.
POOLINGS = ("mean", "cls", "mean_special")
# The authors read XLM-R Large (24 layers) at layer 14 (PROTOCOL: the jiant replication); the same relative depth
# is the recipe for every encoder, so that no layer is ever chosen on the test languages.
RECIPE_DEPTH = 14 / 24


def mirrored(checkpoint: str) -> str:
    """The mirror's folder of a Hub id if `XTL_MIRROR` holds one, else the checkpoint as it was given."""
    mirror = os.environ.get("XTL_MIRROR")
    if mirror and not Path(checkpoint).exists():
        folder = Path(mirror).expanduser() / "models" / checkpoint
        if folder.is_dir():
            return str(folder)
    return checkpoint


def is_folder(checkpoint: str) -> bool:
    """Whether a checkpoint is meant as a folder rather than a Hub id (`name` or `owner/name`)."""
    return Path(checkpoint).is_dir() or checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1


def identity(checkpoint: str, revision: str | None = None, cache: Path | None = None) -> dict:
    """What identifies an encoder in a run: the digest of a folder's content, or a Hub id with its resolved revision.

    A folder's digest is the SHA-256 over configuration, tokenizer and weights, never over its path; digests are
    remembered in `cache` by file size and modification time. Raises UserError where the folder is no encoder.
    """
    if is_folder(mirrored(checkpoint)):
        folder = Path(mirrored(checkpoint)).expanduser()
        check_folder(folder, checkpoint)
        if mirrored(checkpoint) != checkpoint:
            mirror = Path(os.environ["XTL_MIRROR"]).expanduser()
            lock.pinned(mirror, checkpoint, revision)
            lock.verify_folder(mirror, folder)
        return {"sha256": folder_digest(folder, cache)}
    if os.environ.get("XTL_MIRROR"):
        raise UserError(
            f"encoder '{checkpoint}': neither a folder nor in the mirror (models/{checkpoint} below XTL_MIRROR)."
        )
    return {"hub": checkpoint, "revision": resolved_revision(checkpoint, revision)}


def resolved_revision(checkpoint: str, revision: str | None = None) -> str:
    """The commit that a revision (default: the main branch) of a model on the Hub stands for now.

    A full commit stands for itself, and nobody is asked.
    """
    from huggingface_hub import HfApi

    if revision and len(revision) == 40:
        return revision
    try:
        return HfApi().model_info(checkpoint, revision=revision, timeout=20).sha
    except Exception as error:  # the Hub client raises a dozen kinds, for absent ids and absent networks alike
        reason = str(error).strip().split("\n")[0][:120] or type(error).__name__
        raise UserError(
            f"encoder '{checkpoint}': neither a folder here nor reachable on the Hub ({reason}); "
            "give a folder, set XTL_MIRROR, or check the name."
        ) from None


def check_folder(folder: Path, name: str) -> None:
    """Raise UserError unless the folder holds a configuration, a tokenizer and weights."""
    if not folder.is_dir():
        raise UserError(f"encoder '{name}': no such folder; give a folder as save_pretrained writes it, or a Hub id.")
    if not (folder / "config.json").is_file():
        raise UserError(f"encoder '{name}': the folder has no config.json; give one as save_pretrained writes it.")
    if not any((folder / w).is_file() for w in WEIGHTS):
        raise UserError(f"encoder '{name}': the folder has no weights; expected one of {', '.join(WEIGHTS)}.")
    if (
        not any(folder.glob("tokenizer*.json"))
        and not any(folder.glob("*.model"))
        and not (folder / "vocab.txt").is_file()
    ):
        raise UserError(f"encoder '{name}': the folder has no tokenizer; expected tokenizer.json or its vocabulary.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(f"encoder '{name}': its config.json is not valid JSON.") from None
    if "model_type" not in config:
        raise UserError(f"encoder '{name}': its config.json names no model_type, so transformers cannot load it.")


def folder_digest(folder: Path, cache: Path | None = None) -> str:
    """SHA-256 over names and contents of the files that decide what a checkpoint computes."""
    files = sorted(
        p
        for p in folder.iterdir()
        if p.suffix in {".json", ".safetensors", ".model", ".txt"}
        or (p.suffix == ".bin" and p.name.startswith("pytorch_model"))
    )
    if any(p.suffix == ".safetensors" for p in files):
        files = [p for p in files if p.suffix != ".bin"]
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + file_digest(path, cache).encode())
    return total.hexdigest()


def file_digest(path: Path, cache: Path | None = None) -> str:
    """SHA-256 of a file, remembered in the folder `cache` by path, size and modification time."""
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()[:32]
    note = cache / key if cache else None
    if note and note.is_file():
        return note.read_text()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if note:
        cache.mkdir(parents=True, exist_ok=True)
        partial = note.with_suffix(f".{os.getpid()}")
        partial.write_text(digest)
        os.replace(partial, note)
    return digest


def load_tokenizer(checkpoint: str | Path, revision: str | None = None):
    """The fast tokenizer of a checkpoint, quiet about long inputs (tasks cut or split them themselves)."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(mirrored(str(checkpoint)), revision=revision)
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


def load_encoder(checkpoint: str | Path, revision: str | None = None):
    """The bare encoder of a checkpoint, in evaluation mode and float32."""
    import torch
    from transformers import AutoModel

    return AutoModel.from_pretrained(mirrored(str(checkpoint)), revision=revision, dtype=torch.float32).eval()


def architecture_of(checkpoint: str | Path) -> str:
    """The `model_type` of a folder's configuration, or of the Hub's where it must be asked."""
    folder = Path(mirrored(str(checkpoint))).expanduser()
    if folder.is_dir():
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(str(checkpoint)).model_type


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
    """Embeddings of sentences at every layer and by both poolings, in one forward pass.

    `mean` averages over the tokens that are neither special nor padding; `cls` is the classification token,
    wherever the family puts it; `mean_special` averages over all that is not padding. Without
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
            for chosen in (inner, batch["attention_mask"].bool()):
                weights = chosen.to(states.dtype)
                means.append((states * weights[None, :, :, None]).sum(2) / weights.sum(1)[None, :, None])
            cls = states[:, torch.arange(len(rows), device=first.device), first]
            if out is None:
                out = np.empty((len(states), len(POOLINGS), len(sentences), states.shape[-1]), dtype=np.float32)
            out[:, :, rows] = torch.stack([means[0], cls, means[1]], 1).cpu().numpy()
    return out
