"""Write the table of docs/encoders.md: what a tiny random encoder of every type in tests/encoder_types.yaml can do."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.encoder_types import CONFIGS, write  # noqa: E402
from xtl.base.errors import UserError  # noqa: E402
from xtl.tasks.formats.capabilities import WORDS, Capability  # noqa: E402
from xtl.tasks.formats.trial import tried  # noqa: E402

PAGE = ROOT / "docs" / "encoders.md"
BEGIN = "<!-- types: tools/encoder_table.py -->"
END = "<!-- end -->"
CELLS = {"transformers": "library", "xtl": "ours", "": "yes"}


def row(kind: str) -> str:
    """The row of one type."""
    with tempfile.TemporaryDirectory() as folder:
        write(kind, Path(folder))
        try:
            ability = tried(folder)
        except UserError as error:
            return f"| {kind} | " + " | ".join(["–"] * len(WORDS)) + f" | {reason_of(str(error))} |"
    cells = [CELLS[ability.heads[name]] if name in ability.heads else "–" for name in WORDS]
    return f"| {kind} | {' | '.join(cells)} | {'; '.join(remarks(ability))} |"


def reason_of(sentence: str) -> str:
    """Why a type is refused, out of the sentence that says so."""
    return sentence.partition("' ")[2].partition(";")[0]


def remarks(ability: Capability) -> list[str]:
    """What sets a type apart besides its formats."""
    words = []
    if ability.feels_padding:
        words.append("padding changes its states")
    if ability.weights and ability.weights[1]:
        words.append("its encoder alone")
    if ability.language:
        words.append("reads all languages by one")
    if "tagging" in ability.refusals:
        words.append("cannot train on texts of any length")
    return words


def table() -> str:
    """The whole table."""
    lines = [f"| type | {' | '.join(WORDS.values())} | remarks |", "|---" * (len(WORDS) + 2) + "|"]
    return "\n".join([*lines, *map(row, CONFIGS)])


def filled(text: str) -> str:
    """The page with the table as transformers is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
