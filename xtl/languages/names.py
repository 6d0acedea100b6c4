"""Names, codes, families and scripts of the languages of XTREME's nine tasks (arXiv 2003.11080)."""

from pathlib import Path

import pandas as pd

# Columns name, iso639_3, family, branch, script; the index holds ISO 639-1 codes. Where such a code is a macrolanguage
# (ar, et, fa, ms, sw, zh), so is the ISO 639-3 code beside it.
NATURAL = pd.read_csv(Path(__file__).with_name("xtreme.csv"), index_col="code")
NATURAL = NATURAL[["name", "iso639_3", "family", "branch", "script"]]
