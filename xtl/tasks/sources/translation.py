"""Translation from English: a MarianMT checkpoint, or Apertium where it is installed; each set is translated once."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xtl.base.errors import UserError
from xtl.base.files import file_digest, read_or_make
from xtl.base.places import cache_folder
from xtl.languages.names import NATURAL
from xtl.models import checkpoints

APERTIUM = "apertium"  # the rule-based engine (Forcada et al. 2011); on Debian apertium and apertium-eng-spa, say
# Columns of text by format; what points into a text or counts its words (answers, tags) would have to be found again.
TEXTS = {"classification": ("text_a", "text_b"), "choice": ("context", "question", "choices")}
BATCH = 32  # texts that a MarianMT model reads at a time, sorted by length
LONGEST = 512  # pieces, what MarianMT models were trained on; a longer text is cut


def texts(english: Sequence[str], translator: str, language: str) -> list[str]:
    """English texts in another language, in order; what was translated before is read from outputs/cache.

    translator: `apertium`, or a MarianMT checkpoint (a Hub id or a folder) from English to the language.
    Raises UserError where the translator is not there, or does not translate into that language.
    """
    different = list(dict.fromkeys(text for text in english if text.strip()))
    key = json.dumps([identity(translator, language), language, different], sort_keys=True)
    path = cache_folder("translations") / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.parquet"

    def make(file: Path) -> None:
        apertium = translator == APERTIUM
        new = _apertium(different, language) if apertium else _marian(different, translator)
        pq.write_table(pa.table({"english": different, "translation": new}), file)

    table = read_or_make(path, pq.read_table, make).to_pydict()
    translations = dict(zip(table["english"], table["translation"], strict=True))
    return [translations.get(text, text) for text in english]


def identity(translator: str, language: str) -> str:
    """What decides a translation: the digest of a checkpoint's files or its commit, or of Apertium's language data."""
    if translator == APERTIUM:
        words = [word.strip("'") for word in _mode(language).read_text("utf-8").split()]
        digests = [file_digest(Path(word)) for word in words if word.startswith("/")]
        return "apertium:" + hashlib.sha256("".join(digests).encode()).hexdigest()
    checkpoint = checkpoints.identity(translator)
    return "marian:" + (checkpoint.get("sha256") or f"{checkpoint['hub']}@{checkpoint['revision']}")


def _mode(language: str) -> Path:
    """Apertium's description of the way from English to a language. Raises UserError where it is not installed."""
    program = shutil.which(APERTIUM)
    if not program:
        raise UserError("translator: apertium is not installed; on Debian: apt install apertium apertium-eng-spa.")
    if language not in NATURAL.index:
        raise UserError(f"translator: apertium knows no language '{language}'.")
    folder = Path(program).resolve().parents[1] / "share" / "apertium" / "modes"
    path = folder / f"eng-{NATURAL.loc[language, 'iso639_3']}.mode"
    if not path.is_file():
        pairs = ", ".join(sorted(mode.stem for mode in folder.glob("eng-???.mode"))) or "none"
        raise UserError(f"translator: apertium has no pair {path.stem}; installed from English: {pairs}.")
    return path


def _apertium(english: Sequence[str], language: str) -> list[str]:
    """One text a paragraph (as lines, texts lose their last full stop); unknown words stay, without Apertium's mark."""
    command = [APERTIUM, "-u", "-f", "txt", _mode(language).stem]
    paragraphs = "\n\n".join(" ".join(text.split()) for text in english)
    process = subprocess.run(command, input=paragraphs, capture_output=True, text=True, encoding="utf-8")
    translated = process.stdout.split("\n\n") if english else []
    if process.returncode or len(translated) != len(english):
        reason = (process.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"translator: apertium gave {len(translated)} texts for {len(english)} ({reason}).")
    return [text.strip() for text in translated]


def _marian(english: Sequence[str], checkpoint: str) -> list[str]:
    """Greedy translation, batches of texts of similar length."""
    import torch  # here and below, because planning a grid loads this module and no torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from xtl.models.encoders import loading, on_device

    with loading(checkpoint):
        place = checkpoints.mirrored(checkpoint)
        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
        model = AutoModelForSeq2SeqLM.from_pretrained(place, trust_remote_code=False, weights_only=True)
    model = on_device(model).eval()
    order = sorted(range(len(english)), key=lambda row: len(english[row]))
    translations = [""] * len(english)
    length = {"truncation": True, "max_length": LONGEST}
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            inputs = tokenizer([english[row] for row in rows], return_tensors="pt", padding=True, **length)
            ids = model.generate(**inputs.to(model.device), do_sample=False, num_beams=1, max_new_tokens=LONGEST)
            for row, text in zip(rows, tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True):
                translations[row] = text
    return translations
