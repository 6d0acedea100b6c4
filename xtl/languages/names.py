"""Names, codes, families and scripts of XTREME's 40 languages."""

from __future__ import annotations

import pandas as pd

# code, ISO 639-3, name, family, branch, script: the union of the languages of XTREME's nine tasks (arXiv 2003.11080).
# Codes are ISO 639-1; where that code is a macrolanguage (ar, et, fa, ms, sw, zh) so is the ISO 639-3 code beside it.
XTREME = """
af afr Afrikaans|Indo-European|Germanic|Latin
ar ara Arabic|Afro-Asiatic|Semitic|Arabic
bg bul Bulgarian|Indo-European|Slavic|Cyrillic
bn ben Bengali|Indo-European|Indo-Aryan|Bengali
de deu German|Indo-European|Germanic|Latin
el ell Greek|Indo-European|Hellenic|Greek
en eng English|Indo-European|Germanic|Latin
es spa Spanish|Indo-European|Romance|Latin
et est Estonian|Uralic|Finnic|Latin
eu eus Basque|Basque|Basque|Latin
fa fas Persian|Indo-European|Iranian|Arabic
fi fin Finnish|Uralic|Finnic|Latin
fr fra French|Indo-European|Romance|Latin
he heb Hebrew|Afro-Asiatic|Semitic|Hebrew
hi hin Hindi|Indo-European|Indo-Aryan|Devanagari
hu hun Hungarian|Uralic|Ugric|Latin
id ind Indonesian|Austronesian|Malayo-Polynesian|Latin
it ita Italian|Indo-European|Romance|Latin
ja jpn Japanese|Japonic|Japonic|Japanese
jv jav Javanese|Austronesian|Malayo-Polynesian|Latin
ka kat Georgian|Kartvelian|Kartvelian|Georgian
kk kaz Kazakh|Turkic|Kipchak|Cyrillic
ko kor Korean|Koreanic|Koreanic|Hangul
ml mal Malayalam|Dravidian|South Dravidian|Malayalam
mr mar Marathi|Indo-European|Indo-Aryan|Devanagari
ms msa Malay|Austronesian|Malayo-Polynesian|Latin
my mya Burmese|Sino-Tibetan|Lolo-Burmese|Myanmar
nl nld Dutch|Indo-European|Germanic|Latin
pt por Portuguese|Indo-European|Romance|Latin
ru rus Russian|Indo-European|Slavic|Cyrillic
sw swa Swahili|Niger-Congo|Bantu|Latin
ta tam Tamil|Dravidian|South Dravidian|Tamil
te tel Telugu|Dravidian|South-Central Dravidian|Telugu
th tha Thai|Kra-Dai|Tai|Thai
tl tgl Tagalog|Austronesian|Malayo-Polynesian|Latin
tr tur Turkish|Turkic|Oghuz|Latin
ur urd Urdu|Indo-European|Indo-Aryan|Arabic
vi vie Vietnamese|Austroasiatic|Vietic|Latin
yo yor Yoruba|Niger-Congo|Volta-Niger|Latin
zh zho Chinese|Sino-Tibetan|Sinitic|Han
"""


def _natural() -> pd.DataFrame:
    """XTREME's 40 languages, indexed by code: name, iso639_3, family, branch, script."""
    rows = []
    for line in XTREME.strip().splitlines():
        code, iso, rest = line.split(" ", 2)
        name, family, branch, script = rest.split("|")
        rows.append((code, name, iso, family, branch, script))
    columns = ["code", "name", "iso639_3", "family", "branch", "script"]
    return pd.DataFrame(rows, columns=columns).set_index("code")


NATURAL = _natural()
