"""Sub-word statistics by hand with a toy tokenizer, and the laboratory's planted vocabulary recovered by its own."""

import numpy as np
import pytest

from xtl.base.errors import UserError
from xtl.lab.tasks import corpora
from xtl.lab.world.config import LabConfig
from xtl.languages.made import MadeLanguages
from xtl.models.recipes import Pretraining
from xtl.models.scratch import scratch_tokenizer
from xtl.models.subwords import coverage, of_scores, subwords


class Letters:
    """A tokenizer whose pieces are letters; the capital X is not in its vocabulary (id 0)."""

    unk_token_id = 0

    def __call__(self, sentences, add_special_tokens):
        return {"input_ids": [[0 if c == "X" else ord(c) for c in s if c != " "] for s in sentences]}


TEXTS = {"en": ["ab a", "c"], "xx": ["aab dX"], "yy": ["ddd"], "zz": ["XX X"], "none": []}


def test_statistics_by_hand():
    found = subwords(Letters(), TEXTS)
    assert found.loc["en", ["pieces", "types", "overlap", "jaccard"]].tolist() == [4, 3, 1, 1]
    # a a b d X: three of five occurrences are English types; {a, b} of {a, b, c, d}; one unknown; two words
    expected = {"pieces": 5, "types": 3, "fertility": 2.5, "per_letter": 1, "unknown": 0.2, "overlap": 0.6}
    assert found.loc["xx"].to_dict() == pytest.approx({**expected, "jaccard": 0.5})
    assert found.loc["yy", ["types", "overlap", "jaccard", "unknown"]].tolist() == [1, 0, 0, 0]


def test_an_unknown_piece_is_shared_with_nothing_and_no_text_is_missing():
    found = subwords(Letters(), {**TEXTS, "en": ["X abc"]})
    assert found.loc["zz", ["pieces", "types", "unknown", "overlap", "jaccard"]].tolist() == [3, 0, 1, 0, 0]
    assert found.loc["none", ["pieces", "types"]].tolist() == [0, 0]
    assert found.loc["none", ["fertility", "per_letter", "unknown", "overlap", "jaccard"]].isna().all()


def test_overlap_has_a_direction_and_jaccard_has_none():
    there, back = subwords(Letters(), TEXTS).loc["xx"], subwords(Letters(), TEXTS, "xx").loc["en"]
    assert back["overlap"] == pytest.approx(3 / 4) and there["overlap"] == pytest.approx(3 / 5)
    assert back["jaccard"] == there["jaccard"]


def test_a_source_without_text_is_named():
    for source in ("qq", "none"):
        with pytest.raises(UserError, match=f"no text of the source language '{source}'"):
            subwords(Letters(), TEXTS, source)


def test_planted_vocabulary_and_script_show_in_the_overlap(outputs):
    config = LabConfig(sentences=400, train=10, test=10)
    tokenizer = scratch_tokenizer(Pretraining(architecture="bert"), corpora.tokenizer(config))
    texts = {code: [pair[1] for pair in corpora.parallel(config, code)][:100] for code in MadeLanguages(config).names()}
    texts["en"] = [pair[0] for pair in corpora.parallel(config, "qaa")][:100]
    found = subwords(tokenizer, texts)
    assert found.loc["qah", "overlap"] > found.loc["qag", "overlap"]  # twins: 0.6 of English's vocabulary against 0.1
    assert found.loc["qaa", "jaccard"] > 5 * found.loc["qab", "jaccard"]  # twins: Latin against Greek
    latin = [c for c, script in MadeLanguages(config).scripts().items() if script == "Latin" and c != "en"]
    assert found.loc[latin, "jaccard"].min() > found["jaccard"].drop(["en", *latin]).max()
    assert found["unknown"].between(0, 0.05).all() and np.isfinite(found).all(axis=None)


def test_columns_of_score_rows():
    found = of_scores(Letters(), TEXTS, "en")
    assert found["yy"] == {"unknown": 0.0, "fertility": 3.0, "overlap": 0.0} and found["en"]["overlap"] == 1
    assert found["xx"] == {"unknown": 0.2, "fertility": 2.5, "overlap": 0.6}  # a, a and b of a a b d X
    assert of_scores(Letters(), {"yy": ["ddd"]}, "en") == {"yy": {"unknown": 0.0, "fertility": 3.0}}


def test_coverage_by_hand():
    class Words:
        unk_token_id = 0

        def __call__(self, sentences, add_special_tokens):
            known = {"a": [1], "fox": [2, 3]}
            return {"input_ids": [[i for w in s.split() for i in known.get(w, [0])] for s in sentences]}

    # pieces 1 | 2 3 | 0 and 1: one of five is unknown, five pieces for four words
    assert coverage(Words(), ["a fox owl", "a"]) == {"unknown": 0.2, "fertility": 1.25}
    assert coverage(Words(), []) == {"unknown": 0.0, "fertility": 0.0}
