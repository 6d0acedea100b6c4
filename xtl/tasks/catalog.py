"""The catalog: every task as data — format, labels, metrics, languages, and where its examples come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xtl.errors import UserError

FORMATS = ("classification", "tagging", "span", "retrieval")

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
XQUAD = tuple("ar de el en es hi ru th tr vi zh".split())
PANX = tuple(
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur vi "
    "yo zh".split()
)
UDPOS = tuple(UD_NAMES)
TATOEBA = tuple(ISO_639_3)

NLI = ("entailment", "neutral", "contradiction")
UPOS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
IOB2 = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")


@dataclass(frozen=True)
class HubSource:
    """Where the Hub (or its mirror) keeps a task's examples. The laboratory serves the same columns.

    Attributes:
        dataset: Hub id, `owner/name`.
        config: name of the config; `{language}` stands for the language as the source calls it.
        splits: our split (train, validation, test) -> the Hub's. A split that is absent here comes from the task
            that this one trains on (XNLI trains on MNLI).
        columns: our column -> the Hub's; `a.b` is field b of the struct column a.
        optional: those of our columns that the source may lack (they become empty, or a running number for `id`).
        where: column of the Hub -> the value that a row must have; `{language}` as in `config`. For data sets that
            hold all languages in the rows of one config.
        prefix: the same, for a value that the column must begin with.
        names: language code -> what the source calls it (default: the code itself).
        revision: the commit of the Hub that the catalog was written against; a grid may pin another.
    """

    dataset: str
    config: str
    splits: Mapping[str, str]
    columns: Mapping[str, str]
    optional: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    prefix: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    revision: str | None = None

    def named(self, template: str, language: str) -> str:
        """A template with the language filled in, as this source calls it."""
        return template.format(language=self.names.get(language, language))


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: as grids and folders call it.
        format: one of FORMATS, the module that knows how to train and score it.
        roles: subset of {"intermediate", "target"}.
        languages: codes of the languages that the real data has a test set in.
        labels: names of the classes or tags, in the order of their ids; empty where there are none.
        metrics: everything that is reported, in points (0-100).
        score: the metrics whose plain mean is the score of the task.
        trains_on: the task whose training set it trains on (itself included); None where nothing is trained.
        training_set: canonical names of that data; two tasks that share one name train on the same examples.
        hub: where the examples are.
        size: split -> smallest and largest number of examples over languages, as published.
        unanswerable: a question may have no answer (then the empty string is one).
        submission: the folder that the benchmark expects predictions in; None if it is no target of the benchmark.
    """

    name: str
    title: str
    format: str
    roles: frozenset[str]
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    metrics: tuple[str, ...]
    score: tuple[str, ...]
    trains_on: str | None
    training_set: tuple[str, ...]
    hub: HubSource
    size: Mapping[str, tuple[int, int]]
    licence: str
    citation: str
    unanswerable: bool = False
    submission: str | None = None

    @property
    def revision(self) -> str | None:
        """The commit of the Hub that the catalog was written against."""
        return self.hub.revision


INTERMEDIATE, TARGET = frozenset({"intermediate"}), frozenset({"target"})
ACCURACY, EXACT_F1 = ("accuracy",), ("exact_match", "f1")
ALL_SPLITS = {"train": "train", "validation": "validation", "test": "test"}
NO_TEST = {"train": "train", "validation": "validation", "test": "validation"}  # the labels of the test set are hidden
PAIR = {"text_a": "sentence1", "text_b": "sentence2"}
ANSWERED = {
    "id": "id", "title": "title", "context": "context", "question": "question", "answers": "answers.text",
    "starts": "answers.answer_start",
}  # fmt: skip
# glue, squad: the commits that public projects pin. xtreme: the commit that added the last config as parquet.
GLUE = HubSource("nyu-mll/glue", "", NO_TEST, {}, ("id",), revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c")
SQUAD = HubSource(
    "rajpurkar/squad", "plain_text", NO_TEST, ANSWERED, revision="7b6d24c440a36b6815f21b70d25016731768db1f"
)
XTREME = HubSource("google/xtreme", "", ALL_SPLITS, {}, revision="68bd9e06bf4bbe671073c975ccd61d754e1bd3d6")

# fmt: off
_TASKS = (
    Task(
        name="mnli", title="MultiNLI, natural language inference", format="classification", roles=INTERMEDIATE,
        languages=("en",), labels=NLI, metrics=ACCURACY, score=ACCURACY, trains_on="mnli", training_set=("mnli",),
        hub=replace(
            GLUE, config="mnli", columns={"id": "idx", "text_a": "premise", "text_b": "hypothesis", "label": "label"},
            # the labels of the test sets are hidden; the mismatched development set stands in
            splits={"train": "train", "validation": "validation_matched", "test": "validation_mismatched"},
        ),
        size={"train": (392_702, 392_702), "validation": (9_815, 9_815), "test": (9_832, 9_832)},
        licence="OANC, CC BY 3.0, CC BY-SA 3.0 and others, by genre", citation="Williams et al. 2018, arXiv 1704.05426",
    ),
    Task(
        name="qqp", title="Quora question pairs, paraphrase", format="classification", roles=INTERMEDIATE,
        languages=("en",), labels=("not_duplicate", "duplicate"), metrics=("accuracy", "f1"), score=("accuracy", "f1"),
        trains_on="qqp", training_set=("qqp",),
        hub=replace(
            GLUE, config="qqp", columns={"id": "idx", "text_a": "question1", "text_b": "question2", "label": "label"},
        ),
        size={"train": (363_846, 363_846), "test": (40_430, 40_430)},
        licence="Quora's terms of use (non-commercial)",
        citation="Iyer et al. 2017, First Quora Dataset Release; Wang et al. 2019, arXiv 1804.07461",
    ),
    Task(
        name="squad1", title="SQuAD v1.1, span question answering", format="span", roles=INTERMEDIATE,
        languages=("en",), labels=(), metrics=EXACT_F1, score=EXACT_F1, trains_on="squad1", training_set=("squad1",),
        hub=SQUAD,
        size={"train": (87_599, 87_599), "test": (10_570, 10_570)},
        licence="CC BY-SA 4.0", citation="Rajpurkar et al. 2016, arXiv 1606.05250",
    ),
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
        hub=replace(XTREME, config="PAWS-X.{language}", columns={**PAIR, "label": "label"}),
        size={"train": (49_401, 49_401), "test": (2_000, 2_000)},
        licence="free for any purpose, with acknowledgement", citation="Yang et al. 2019, arXiv 1908.11828",
    ),
    Task(
        name="udpos", title="Universal Dependencies v2.5, part-of-speech tagging", format="tagging",
        roles=INTERMEDIATE | TARGET, languages=UDPOS, labels=UPOS, submission="udpos",
        metrics=("f1", "precision", "recall", "accuracy"), score=("f1",), trains_on="udpos", training_set=("udpos",),
        hub=replace(
            XTREME, config="udpos.{language}", columns={"tokens": "tokens", "tags": "pos_tags"}, names=UD_NAMES,
        ),
        size={"train": (21_253, 21_253), "test": (47, 20_436)},
        licence="by treebank, several non-commercial", citation="Nivre et al. 2020, arXiv 2004.10643",
    ),
    Task(
        name="panx", title="PAN-X (WikiANN), named entities", format="tagging",
        roles=INTERMEDIATE | TARGET, languages=PANX, labels=IOB2, submission="panx",
        metrics=("f1", "precision", "recall"), score=("f1",), trains_on="panx", training_set=("panx",),
        hub=replace(XTREME, config="PAN-X.{language}", columns={"tokens": "tokens", "tags": "ner_tags"}),
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
        name="tatoeba", title="Tatoeba, sentence retrieval to English", format="retrieval", roles=TARGET,
        languages=TATOEBA, labels=(), metrics=ACCURACY, score=ACCURACY, submission="tatoeba",
        trains_on=None, training_set=(),
        hub=replace(  # the loading script that the Hub's files came from lists no tatoeba.tel, which XTREME has
            XTREME, config="tatoeba.{language}", splits={"test": "validation"}, names=ISO_639_3,
            columns={"foreign": "source_sentence", "english": "target_sentence"},
        ),
        size={"test": (205, 1_000)},
        licence="CC BY 2.0 FR", citation="Artetxe and Schwenk 2019, arXiv 1812.10464",
    ),
)
# fmt: on
TASKS: dict[str, Task] = {task.name: task for task in _TASKS}


def get(name: str) -> Task:
    """The task of that name. Raises UserError with the known names."""
    if name not in TASKS:
        raise UserError(f"There is no task '{name}'; known tasks: {', '.join(TASKS)}.")
    return TASKS[name]
