"""What an encoder's own tokenizer makes of texts: pieces per word, unknown pieces, pieces shared with a language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
from transformers import PreTrainedTokenizerBase

from xtl.base.errors import UserError


def subwords(
    tokenizer: PreTrainedTokenizerBase, texts: Mapping[str, Sequence[str]], source: str = "en"
) -> pd.DataFrame:
    """Sub-word statistics of each language's texts: a row a language (index: code).

    Columns:
        pieces: number of pieces, special tokens not counted. types: number of different known pieces.
        fertility: pieces per word parted by white space. In a script that parts no words (Han, Japanese, Thai,
            Burmese) a "word" is whatever stands between two spaces, a phrase or a sentence, so the figure says nothing
            against other languages, unless the texts are words that were cut before (tagging).
        per_letter: pieces per character that is not white space, which is comparable within one script only.
        unknown: share of the pieces that are the unknown token.
        overlap: share of the pieces' occurrences whose type also occurs in the source language's texts. It is directed
            (overlap of German with English is not that of English with German).
        jaccard: types in both texts as a share of the types in either; the same in both directions.

    An unknown piece is shared with nothing, but counts as an occurrence. Both shares grow with the length of the texts,
    so they are to be measured on equally many sentences, best on translations of one another; digits, punctuation and
    names are shared like everything else. Byte-level tokenizers share bytes of letters within a script. Languages
    without any piece are NaN. Raises UserError if `source` has no text.
    """
    counts = {code: _counts(tokenizer, sentences) for code, sentences in texts.items()}
    if not counts.get(source):
        raise UserError(f"There is no text of the source language '{source}' to compare sub-words with.")
    source_types = _types(tokenizer, counts[source])
    rows = {}
    for code, sentences in texts.items():
        total = counts[code].total()
        types = _types(tokenizer, counts[code])
        row: dict[str, float] = {"pieces": total, "types": len(types)}
        if total:
            letters = sum(len("".join(sentence.split())) for sentence in sentences)
            shared = sum(counts[code][piece] for piece in types & source_types)
            row.update(_coverage(tokenizer, counts[code], sentences))
            row["per_letter"] = total / max(1, letters)
            row["overlap"] = shared / total
            row["jaccard"] = len(types & source_types) / max(1, len(types | source_types))
        rows[code] = row
    columns = ["pieces", "types", "fertility", "per_letter", "unknown", "overlap", "jaccard"]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).rename_axis("language")


def coverage(tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str]) -> dict[str, float]:
    """How well a vocabulary covers a text: `unknown`, the share of its pieces that are the unknown token (0 to 1), and
    `fertility`, pieces per word parted by white space (of little meaning where a script writes no spaces).
    """
    return _coverage(tokenizer, _counts(tokenizer, sentences), sentences)


def of_scores(
    tokenizer: PreTrainedTokenizerBase, texts: Mapping[str, Sequence[str]], source: str
) -> dict[str, dict[str, float]]:
    """Language -> the columns of a score row that tell how a vocabulary suits its texts: unknown, fertility, overlap.

    `overlap` is left out where there are no texts of the source language.
    """
    if not any(texts.get(source) or ()):
        return {code: coverage(tokenizer, sentences) for code, sentences in texts.items()}
    table = subwords(tokenizer, texts, source)[["unknown", "fertility", "overlap"]]
    return {str(code): row.to_dict() for code, row in table.iterrows()}


def _counts(tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str]) -> Counter[int]:
    """Piece -> occurrences, special tokens not counted."""
    counts: Counter[int] = Counter()
    if sentences:
        for ids in tokenizer(list(sentences), add_special_tokens=False)["input_ids"]:
            counts.update(ids)
    return counts


def _types(tokenizer: PreTrainedTokenizerBase, counts: Counter[int]) -> set[int]:
    """The different pieces without the unknown token."""
    return set(counts) - {tokenizer.unk_token_id}


def _coverage(tokenizer: PreTrainedTokenizerBase, counts: Counter[int], sentences: Sequence[str]) -> dict[str, float]:
    pieces = counts.total()
    words = sum(len(sentence.split()) for sentence in sentences)
    unknown = counts[tokenizer.unk_token_id] if tokenizer.unk_token_id is not None else 0
    return {"unknown": unknown / max(1, pieces), "fertility": pieces / max(1, words)}
