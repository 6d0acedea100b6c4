"""The target tasks: XTREME's nine, with its language lists, and the easier retrieval that the Hub's BUCC allows."""

from __future__ import annotations

from dataclasses import replace

from xtl.tasks.catalog.task import (
    ACCURACY,
    ALL_SPLITS,
    ANSWERED,
    EXACT_F1,
    F1,
    INTERMEDIATE,
    NLI,
    NO_TEST,
    TARGET,
    HubTable,
    Task,
)

# What the configs of google/xtreme call the languages: English names for Universal Dependencies, ISO 639-3 for Tatoeba.
UD_NAMES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "kk": "Kazakh", "ko": "Korean", "mr": "Marathi", "nl": "Dutch", "pt": "Portuguese", "ru": "Russian",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "ur": "Urdu",
    "vi": "Vietnamese", "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip
# Where a two-letter code is a macrolanguage, Tatoeba names the member it holds: cmn (zh), pes (fa), swh (sw).
ISO_639_3 = {
    "af": "afr", "ar": "ara", "bg": "bul", "bn": "ben", "de": "deu", "el": "ell", "es": "spa", "et": "est",
    "eu": "eus", "fa": "pes", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind",
    "it": "ita", "ja": "jpn", "jv": "jav", "ka": "kat", "kk": "kaz", "ko": "kor", "ml": "mal", "mr": "mar",
    "nl": "nld", "pt": "por", "ru": "rus", "sw": "swh", "ta": "tam", "te": "tel", "th": "tha", "tl": "tgl",
    "tr": "tur", "ur": "urd", "vi": "vie", "zh": "cmn",
}  # fmt: skip

# XTREME's language lists (arXiv 2003.11080; google-research/xtreme, evaluate.py).
XNLI = tuple("ar bg de el en es fr hi ru sw th tr ur vi zh".split())
PAWSX = tuple("de en es fr ja ko zh".split())
MLQA = tuple("ar de en es hi vi zh".split())
BUCC = tuple("de fr ru zh".split())
TYDIQA = {  # the languages as the ids of TyDiQA's rows begin
    "ar": "arabic", "bn": "bengali", "en": "english", "fi": "finnish", "id": "indonesian", "ko": "korean",
    "ru": "russian", "sw": "swahili", "te": "telugu",
}  # fmt: skip
XQUAD = tuple("ar de el en es hi ru th tr vi zh".split())
PANX = tuple(
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur vi "
    "yo zh".split()
)
UDPOS = tuple(UD_NAMES)
TATOEBA = tuple(ISO_639_3)

UPOS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
IOB2 = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

PAIR = {"text_a": "sentence1", "text_b": "sentence2"}
# the commit that added the last config as parquet
XTREME = HubTable("google/xtreme", "", ALL_SPLITS, {}, revision="68bd9e06bf4bbe671073c975ccd61d754e1bd3d6")

PAWSX_SOURCE = replace(XTREME, config="PAWS-X.{language}", columns={**PAIR, "label": "label"})
UDPOS_SOURCE = replace(
    XTREME, config="udpos.{language}", columns={"tokens": "tokens", "tags": "pos_tags"}, names=UD_NAMES
)
PANX_SOURCE = replace(XTREME, config="PAN-X.{language}", columns={"tokens": "tokens", "tags": "ner_tags"})
TYDIQA_SOURCE = replace(  # all languages in one config; the 3,696 English rows of 49,881 are those whose ids begin so
    XTREME,
    config="tydiqa",
    columns=ANSWERED,
    splits=NO_TEST,
    optional=("title",),
    names=TYDIQA,
    prefix={"id": "{language}-"},
)

# fmt: off
TARGETS = (
    Task(
        name="xnli", title="XNLI, natural language inference", format="classification", roles=TARGET, submission="xnli",
        languages=XNLI, labels=NLI, metrics=ACCURACY, score=ACCURACY, trains_on="mnli", training_set=("mnli",),
        hub=replace(
            XTREME, config="XNLI", columns={**PAIR, "label": "gold_label"}, where={"language": "{language}"},
            splits={"validation": "validation", "test": "test"},
        ),
        size={"train": (392_702, 392_702), "validation": (2_490, 2_490), "test": (5_010, 5_010)},
        licence="CC BY-NC 4.0", citation="Conneau et al. 2018, arXiv 1809.05053",
    ),
    Task(
        name="pawsx", title="PAWS-X, adversarial paraphrase", format="classification", roles=INTERMEDIATE | TARGET,
        languages=PAWSX, labels=("0", "1"), metrics=ACCURACY, score=ACCURACY, submission="pawsx",
        trains_on="pawsx", training_set=("pawsx",),
        hub=PAWSX_SOURCE, origins={"machine": PAWSX_SOURCE},  # only dev and test were translated by people
        size={"train": (49_401, 49_401), "test": (2_000, 2_000)},
        licence="free for any purpose, with acknowledgement", citation="Yang et al. 2019, arXiv 1908.11828",
    ),
    Task(
        name="udpos", title="Universal Dependencies v2.5, part-of-speech tagging", format="tagging",
        roles=INTERMEDIATE | TARGET, languages=UDPOS, labels=UPOS, submission="udpos",
        metrics=("f1", "precision", "recall", "accuracy"), score=("f1",), trains_on="udpos", training_set=("udpos",),
        hub=UDPOS_SOURCE, origins={"native": UDPOS_SOURCE},
        size={"train": (21_253, 21_253), "test": (47, 20_436)},
        licence="by treebank, several non-commercial", citation="Nivre et al. 2020, arXiv 2004.10643",
    ),
    Task(
        name="panx", title="PAN-X (WikiANN), named entities", format="tagging",
        roles=INTERMEDIATE | TARGET, languages=PANX, labels=IOB2, submission="panx",
        metrics=F1, score=("f1",), trains_on="panx", training_set=("panx",),
        hub=PANX_SOURCE, origins={"native": PANX_SOURCE},
        size={"train": (20_000, 20_000), "test": (1_000, 10_000)},
        licence="not stated (texts from Wikipedia, CC BY-SA)",
        citation="Pan et al. 2017, aclanthology P17-1178; split of Rahimi et al. 2019, arXiv 1902.00193",
    ),
    Task(
        name="xquad", title="XQuAD, span question answering", format="span", roles=TARGET, submission="xquad",
        languages=XQUAD, labels=(), metrics=EXACT_F1, score=EXACT_F1, trains_on="squad1", training_set=("squad1",),
        hub=replace(  # copies of the Hub's XQuAD differ in whether they have titles
            XTREME, config="XQuAD.{language}", columns=ANSWERED, splits={"test": "validation"}, optional=("title",),
        ),
        size={"train": (87_599, 87_599), "test": (1_190, 1_190)},
        licence="CC BY-SA 4.0", citation="Artetxe et al. 2020, arXiv 1910.11856",
    ),
    Task(
        name="mlqa", title="MLQA, span question answering", format="span", roles=TARGET, submission="mlqa",
        languages=MLQA, labels=(), metrics=EXACT_F1, score=EXACT_F1, trains_on="squad1", training_set=("squad1",),
        answers="mlqa",
        hub=replace(  # XTREME asks in the language of the context
            XTREME, config="MLQA.{language}.{language}", columns=ANSWERED, optional=("title",),
            splits={"validation": "validation", "test": "test"},
        ),
        size={"train": (87_599, 87_599), "test": (4_517, 11_590)},
        licence="CC BY-SA 3.0", citation="Lewis et al. 2020, arXiv 1910.07475",
    ),
    Task(
        name="tydiqa", title="TyDiQA-GoldP, span question answering", format="span",
        roles=INTERMEDIATE | TARGET, submission="tydiqa", languages=tuple(TYDIQA), labels=(), metrics=EXACT_F1,
        score=EXACT_F1, trains_on="tydiqa", training_set=("tydiqa",),
        hub=TYDIQA_SOURCE, origins={"native": TYDIQA_SOURCE},
        size={"train": (3_696, 3_696), "test": (323, 2_719)},
        licence="Apache-2.0", citation="Clark et al. 2020, arXiv 2003.05002",
    ),
    Task(
        name="bucc", title="BUCC 2018, mining of parallel sentences", format="mining", roles=TARGET,
        submission="bucc2018", languages=BUCC, labels=(), metrics=F1, score=("f1",), trains_on=None, training_set=(),
        hub=None, folder="the shared task's files, XX-en/XX-en.{sample,training}.{XX,en,gold}, XX a language",
        size={"validation": (1, 1), "test": (1_896, 14_330)},
        licence="research only (texts from Wikipedia and News Commentary)",
        citation="Zweigenbaum et al. 2018, 11th BUCC workshop at LREC",
    ),
    Task(
        name="bucc_pairs", title="BUCC 2018, retrieval among the gold pairs alone", format="retrieval", roles=TARGET,
        languages=BUCC, labels=(), metrics=ACCURACY, score=ACCURACY, trains_on=None, training_set=(),
        hub=replace(
            XTREME, config="bucc18.{language}", splits={"test": "test"},
            columns={"foreign": "source_sentence", "english": "target_sentence"},
        ),
        size={"test": (1_896, 14_330)},
        licence="research only (texts from Wikipedia and News Commentary)",
        citation="Zweigenbaum et al. 2018, 11th BUCC workshop at LREC",
    ),
    Task(
        name="tatoeba", title="Tatoeba, sentence retrieval to English", format="retrieval", roles=TARGET,
        languages=TATOEBA, labels=(), metrics=ACCURACY, score=ACCURACY, submission="tatoeba",
        trains_on=None, training_set=(),
        hub=replace(
            XTREME, config="tatoeba.{language}", splits={"test": "validation"}, names=ISO_639_3,
            columns={"foreign": "source_sentence", "english": "target_sentence"},
        ),
        size={"test": (205, 1_000)},
        licence="CC BY 2.0 FR", citation="Artetxe and Schwenk 2019, arXiv 1812.10464",
    ),
)
# fmt: on
