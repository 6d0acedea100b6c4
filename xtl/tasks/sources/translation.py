"""Translation from English: a MarianMT checkpoint, or Apertium where it is installed; each set is translated once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from xtl.base.errors import UserError
from xtl.base.files import file_digest
from xtl.base.places import cache_folder
from xtl.languages.names import NATURAL
from xtl.models import checkpoints

APERTIUM = "apertium"  # the rule-based engine (Forcada et al. 2011); on Debian apertium and apertium-eng-spa, say
BATCH = 32  # texts that a MarianMT model reads at a time, sorted by length
LONGEST = 512  # pieces, what MarianMT models were trained on; a longer text is cut


def texts(english: Sequence[str], translator: str, language: str) -> list[str]:
    """English texts in another language, in order; what was translated before is read from outputs/cache.

    translator: `apertium`, or a MarianMT checkpoint (a Hub id or a folder) from English to the language.
    Raises UserError where the translator is not there, or does not translate into that language.
    """

    wanted = list(dict.fromkeys(text for text in english if text.strip()))
    known = json.dumps([identity(translator, language), language, wanted], sort_keys=True)
    path = cache_folder("translations") / f"{hashlib.sha256(known.encode()).hexdigest()[:16]}.parquet"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.is_file():
                new = _apertium(wanted, language) if translator == APERTIUM else _marian(wanted, translator)
                partial = path.with_suffix(".partial")
                pq.write_table(pa.table({"english": wanted, "translation": new}), partial)
                os.replace(partial, path)
    table = pq.read_table(path).to_pydict()
    translated = dict(zip(table["english"], table["translation"], strict=True))
    return [translated.get(text, text) for text in english]


def identity(translator: str, language: str) -> str:
    """What decides a translation: the digest of a checkpoint's files or its commit, or of Apertium's language data."""
    if translator == APERTIUM:
        names = [part.strip("'") for part in _mode(language).read_text("utf-8").split()]
        files = [Path(name) for name in names if name.startswith("/")]
        return "apertium:" + hashlib.sha256("".join(map(file_digest, files)).encode()).hexdigest()
    known = checkpoints.identity(translator)
    return "marian:" + (known.get("sha256") or f"{known['hub']}@{known['revision']}")


def _mode(language: str) -> Path:
    """Apertium's description of the way from English to a language."""
    program = shutil.which(APERTIUM)
    if not program:
        raise UserError("translator: apertium is not installed; on Debian: apt install apertium apertium-eng-spa.")
    if language not in NATURAL.index:
        raise UserError(f"translator: apertium knows no language '{language}'.")
    folder = Path(program).resolve().parents[1] / "share" / "apertium" / "modes"
    path = folder / f"eng-{NATURAL.loc[language, 'iso639_3']}.mode"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in folder.glob("eng-???.mode"))) or "none"
        raise UserError(f"translator: apertium has no pair {path.stem}; installed from English: {known}.")
    return path


def _apertium(english: list[str], language: str) -> list[str]:
    """One text a paragraph (as lines, texts lose their last full stop); unknown words stay, without Apertium's mark."""
    mode = _mode(language)
    paragraphs = "\n\n".join(" ".join(text.split()) for text in english)
    done = subprocess.run(
        [APERTIUM, "-u", "-f", "txt", mode.stem], input=paragraphs, capture_output=True, text=True, encoding="utf-8"
    )
    found = done.stdout.split("\n\n") if english else []
    if done.returncode or len(found) != len(english):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"translator: apertium gave {len(found)} texts for {len(english)} ({reason}).")
    return [line.strip() for line in found]


def _marian(english: list[str], checkpoint: str) -> list[str]:
    """Greedy translation, batches of texts of similar length."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from xtl.models.encoders import loading, on_device

    with loading(checkpoint):
        where = checkpoints.mirrored(checkpoint)
        tokenizer = AutoTokenizer.from_pretrained(where, trust_remote_code=False)
        model = AutoModelForSeq2SeqLM.from_pretrained(where, trust_remote_code=False, weights_only=True)
    model = on_device(model).eval()
    order, out = sorted(range(len(english)), key=lambda i: len(english[i])), [""] * len(english)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            coded = tokenizer(
                [english[i] for i in rows], return_tensors="pt", padding=True, truncation=True, max_length=LONGEST
            ).to(model.device)
            made = model.generate(**coded, do_sample=False, num_beams=1, max_new_tokens=LONGEST)
            for row, text in zip(rows, tokenizer.batch_decode(made, skip_special_tokens=True), strict=True):
                out[row] = text
    return out
