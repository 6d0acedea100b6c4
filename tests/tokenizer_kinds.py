"""Tokenizers of every kind that encoders come with, trained on a few sentences."""

from collections.abc import Callable
from functools import cache

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import RobertaProcessing, TemplateProcessing
from transformers import ByT5Tokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

SENTENCES = [
    "the cats are running in the garden and the dog is sleeping",
    "The fox's cat isn't running, but the cats were!",
    "die Katzen laufen im Garten und der Hund schläft",
    "кошки бегут в саду и собака спит",
    "बिल्लियाँ बगीचे में दौड़ रही हैं",
    "猫 在 花园 里 跑",
]
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def dressed(inner: Tokenizer, cls: bool = True) -> PreTrainedTokenizerFast:
    """A tokenizer as transformers knows it: `<s> A </s> B </s>`, or without a classification token `A </s> B </s>`."""
    first = "<s> " if cls else ""
    inner.add_special_tokens(SPECIAL)
    if not isinstance(inner.post_processor, RobertaProcessing):
        ids = [(token, inner.token_to_id(token)) for token in ("<s>", "</s>")]
        inner.post_processor = TemplateProcessing(
            single=f"{first}$A </s>", pair=f"{first}$A </s> $B </s>", special_tokens=ids
        )
    names = {"cls_token": "<s>", "sep_token": "</s>"} if cls else {"eos_token": "</s>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", **names
    )


def trained(inner: Tokenizer, pieces: int = 600) -> Tokenizer:
    """A tokenizer after training on the sentences."""
    kinds = {
        models.BPE: trainers.BpeTrainer,
        models.Unigram: trainers.UnigramTrainer,
        models.WordPiece: trainers.WordPieceTrainer,
    }
    more = {"unk_token": "<unk>"} if isinstance(inner.model, models.Unigram) else {}
    if isinstance(inner.model, models.BPE) and not inner.model.unk_token:  # of bytes, all of which are pieces
        more = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
    trainer = kinds[type(inner.model)](vocab_size=pieces, special_tokens=SPECIAL, show_progress=False, **more)
    inner.train_from_iterator(SENTENCES * 5, trainer)
    return inner


def word_piece() -> PreTrainedTokenizerBase:
    """mBERT's."""
    inner = Tokenizer(models.WordPiece(unk_token="<unk>"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=False)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return dressed(trained(inner))


def byte_level(add_prefix_space: bool, trim_offsets: bool = False) -> PreTrainedTokenizerBase:
    """RoBERTa's, which trims offsets, and GPT-2's."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    inner = trained(inner)
    if trim_offsets:
        ids = [(token, inner.token_to_id(token)) for token in ("</s>", "<s>")]
        inner.post_processor = RobertaProcessing(*ids, trim_offsets=True, add_prefix_space=add_prefix_space)
    return dressed(inner)


def gemma() -> PreTrainedTokenizerBase:
    """mmBERT's: white space becomes ▁ before the text is split at spaces, of which there are none left."""
    inner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    inner = trained(inner)
    inner.normalizer = normalizers.Replace(" ", "▁")
    inner.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    inner.decoder = decoders.Replace("▁", " ")
    return dressed(inner)


def llama3(cls: bool = True) -> PreTrainedTokenizerBase:
    """EuroBERT's: a sequence of a regular expression and bytes."""
    inner = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(LLAMA), "isolated")
    byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.pre_tokenizer = pre_tokenizers.Sequence([split, byte])
    return dressed(trained(inner), cls)


def metaspace(scheme: str, whitespace: bool = False) -> PreTrainedTokenizerBase:
    """SentencePiece's unigrams: XLM-R's (with white space split), mT5's and mDeBERTa's."""
    inner = Tokenizer(models.Unigram())
    mark = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    split = pre_tokenizers.WhitespaceSplit()
    inner.pre_tokenizer = pre_tokenizers.Sequence([split, mark]) if whitespace else mark
    return dressed(trained(inner))


def prepended() -> PreTrainedTokenizerBase:
    """Llama 2's: a normalizer that writes the mark, and bytes of what is not in the vocabulary."""
    inner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner = trained(inner)
    inner.pre_tokenizer = None
    inner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return dressed(inner)


def across_words() -> PreTrainedTokenizerBase:
    """One whose pieces reach over white space."""
    return dressed(trained(Tokenizer(models.BPE(unk_token="<unk>"))))


def whitespace_split() -> PreTrainedTokenizerBase:
    """Words parted at white space, in pieces of a BPE that knows no white space at all."""
    inner = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return dressed(trained(inner))


def characters() -> PreTrainedTokenizerBase:
    """Every character, white space too."""
    letters = sorted(set("".join(SENTENCES)))
    inner = Tokenizer(models.WordLevel({token: n for n, token in enumerate(SPECIAL + letters)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return dressed(inner)


KINDS: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
    "WordPiece": word_piece,
    "ByteLevel": lambda: byte_level(False),
    "ByteLevel with prefix": lambda: byte_level(True),
    "ByteLevel trimmed": lambda: byte_level(False, trim_offsets=True),
    "ByteLevel with prefix trimmed": lambda: byte_level(True, trim_offsets=True),
    "Gemma": gemma,
    "Llama 3": llama3,
    "Llama 3 without CLS": lambda: llama3(cls=False),
    "Metaspace always": lambda: metaspace("always"),
    "Metaspace first": lambda: metaspace("first"),
    "Metaspace never": lambda: metaspace("never"),
    "WhitespaceSplit and Metaspace": lambda: metaspace("always", whitespace=True),
    "WhitespaceSplit": whitespace_split,
    "Llama 2": prepended,
    "characters": characters,
    "across words": across_words,
    "ByT5": ByT5Tokenizer,  # bytes, in Python, without places
}


@cache
def tokenizer_of(kind: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a kind; treat it as read-only."""
    return KINDS[kind]()
