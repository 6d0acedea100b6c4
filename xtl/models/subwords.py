"""What an encoder's own tokenizer makes of texts: pieces per word, unknown pieces, pieces shared with a language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from xtl.base.errors import UserError
from xtl.models.encoders import coverage


def subwords(tokenizer, texts: Mapping[str, Sequence[str]], source: str = "en") -> pd.DataFrame:
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
    counts = {code: _counts(tokenizer, list(sentences)) for code, sentences in texts.items()}
    if not counts.get(source):
        raise UserError(f"There is no text of the source language '{source}' to compare sub-words with.")
    rows = {}
    for code, sentences in texts.items():
        found, total = _known(tokenizer, counts[code]), sum(counts[code].values())
        ours = _known(tokenizer, counts[source])
        letters = sum(not c.isspace() for sentence in sentences for c in sentence)
        row = {
            **coverage(tokenizer, list(sentences)),
            "per_letter": total / max(1, letters),
            "overlap": sum(n for piece, n in found.items() if piece in ours) / max(1, total),
            "jaccard": len(found.keys() & ours.keys()) / max(1, len(found.keys() | ours.keys())),
        }
        rows[code] = {"pieces": total, "types": len(found), **(row if total else dict.fromkeys(row, np.nan))}
    columns = ["pieces", "types", "fertility", "per_letter", "unknown", "overlap", "jaccard"]
    return pd.DataFrame.from_dict(rows, orient="index")[columns].rename_axis("language")


def of_scores(tokenizer, texts: Mapping[str, Sequence[str]], source: str) -> dict[str, dict[str, float]]:
    """Language -> the columns of a score row that tell how a vocabulary suits its texts: unknown, fertility, overlap.

    `overlap` is left out where there are no texts of the source language.
    """
    if not any(texts.get(source) or ()):
        return {code: coverage(tokenizer, list(sentences)) for code, sentences in texts.items()}
    table = subwords(tokenizer, texts, source)[["unknown", "fertility", "overlap"]]
    return {str(code): {str(k): float(v) for k, v in row.items()} for code, row in table.to_dict("index").items()}


def _counts(tokenizer, sentences: list[str]) -> Counter:
    """Piece id -> occurrences, special tokens not counted."""
    coded = tokenizer(sentences, add_special_tokens=False)["input_ids"] if sentences else []
    return Counter(piece for ids in coded for piece in ids)


def _known(tokenizer, counts: Counter) -> Counter:
    """The counts without the unknown token."""
    return Counter({piece: n for piece, n in counts.items() if piece != tokenizer.unk_token_id})
