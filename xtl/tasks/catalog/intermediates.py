"""The intermediate tasks: the nine of Phang et al. 2020, and language modelling."""

from __future__ import annotations

from dataclasses import replace

from xtl.tasks.catalog.targets import MLQA, PANX, XNLI
from xtl.tasks.catalog.task import ACCURACY, ANSWERED, EXACT_F1, INTERMEDIATE, NLI, NO_TEST, HubTable, Task

PREMISE = {"text_a": "premise", "text_b": "hypothesis", "label": "label"}
# Revisions are the commits that public projects pin and read.
GLUE = HubTable("nyu-mll/glue", "", NO_TEST, {}, ("id",), revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c")
SQUAD = HubTable(
    "rajpurkar/squad", "plain_text", NO_TEST, ANSWERED, revision="7b6d24c440a36b6815f21b70d25016731768db1f"
)
MNLI = replace(
    GLUE,
    config="mnli",
    columns={"id": "idx", **PREMISE},
    # the labels of the test sets are hidden; the mismatched development set stands in
    splits={"train": "train", "validation": "validation_matched", "test": "validation_mismatched"},
)
SNLI = HubTable(
    "stanfordnlp/snli",
    "plain_text",
    {"train": "train", "validation": "validation", "test": "test"},
    PREMISE,
    ("id",),
    drop={"label": -1},  # no gold label: the annotators did not agree
    revision="cdb5c3d5eed6ead6e5a341c8e56e669bb666725b",
)

# MultiNLI and SQuAD v1.1 as machines translated them: by XNLI's authors, and by MLQA's with the answers found again.
XNLI_TRAIN = HubTable(
    "facebook/xnli",
    "{language}",
    {"train": "train"},
    PREMISE,
    ("id",),
    languages=XNLI,
    revision="b8dd5d7af51114dbda02c0e3f6133f332186418e",
)
MLQA_TRAIN = HubTable(
    "facebook/mlqa", "mlqa-translate-train.{language}", {"train": "train"}, ANSWERED, ("title",),
    languages=tuple(code for code in MLQA if code != "en"), converted=True, revision="refs/convert/parquet",
)  # fmt: skip
# the first file of each language: the largest languages have dozens
WIKIPEDIA = HubTable(
    "wikimedia/wikipedia",
    "20231101.{language}",
    {"train": "train"},
    {"id": "id", "text": "text"},
    shards=1,
    revision="b04c8d1ceb2f5cd4588862100d08de323dccfbaa",
)


def _round(number: int) -> HubTable:
    """One of ANLI's three rounds, which are splits of one config."""
    splits = {"train": f"train_r{number}", "validation": f"dev_r{number}", "test": f"test_r{number}"}
    return HubTable(
        "facebook/anli",
        "plain_text",
        splits,
        {"id": "uid", **PREMISE},
        revision="8e4813d81f46d313dac7892e1c28076917cfcdf9",
    )


# fmt: off
INTERMEDIATES = (
    Task(
        name="anli+", title="ANLI rounds 1 to 3, MultiNLI and SNLI under one head", format="classification",
        roles=INTERMEDIATE, languages=("en",), labels=NLI, metrics=ACCURACY, score=ACCURACY, trains_on="anli+",
        training_set=("anli", "mnli", "snli"),
        # Sampling in proportion to size, as the paper's scripts set it, is training on the sources put together.
        hub=_round(1), also=(_round(2), _round(3), MNLI, SNLI),
        size={"train": (1_104_934, 1_104_934), "validation": (22_857, 22_857), "test": (22_856, 22_856)},
        licence="CC BY-NC 4.0 (ANLI), CC BY-SA 4.0 (SNLI), and MultiNLI's",
        citation="Nie et al. 2020, arXiv 1910.14599; Bowman et al. 2015, arXiv 1508.05326",
    ),
    Task(
        name="mnli", title="MultiNLI, natural language inference", format="classification", roles=INTERMEDIATE,
        languages=("en",), labels=NLI, metrics=ACCURACY, score=ACCURACY, trains_on="mnli", training_set=("mnli",),
        hub=MNLI, origins={"machine": XNLI_TRAIN},
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
        name="squad2", title="SQuAD v2.0, span question answering with unanswerable questions", format="span",
        roles=INTERMEDIATE, languages=("en",), labels=(), metrics=EXACT_F1, score=EXACT_F1, trains_on="squad2",
        # two thirds of its training questions are SQuAD v1.1's
        training_set=("squad2", "squad1"), unanswerable=True,
        hub=HubTable(
            "rajpurkar/squad_v2", "squad_v2", NO_TEST, ANSWERED, revision="3ffb306f725f7d2ce8394bc1873b24868140c412"
        ),
        size={"train": (130_319, 130_319), "test": (11_873, 11_873)},
        licence="CC BY-SA 4.0", citation="Rajpurkar et al. 2018, arXiv 1806.03822",
    ),
    Task(
        name="squad1", title="SQuAD v1.1, span question answering", format="span", roles=INTERMEDIATE,
        languages=("en",), labels=(), metrics=EXACT_F1, score=EXACT_F1, trains_on="squad1", training_set=("squad1",),
        hub=SQUAD, origins={"machine": MLQA_TRAIN},
        size={"train": (87_599, 87_599), "test": (10_570, 10_570)},
        licence="CC BY-SA 4.0", citation="Rajpurkar et al. 2016, arXiv 1606.05250",
    ),
    Task(
        name="hellaswag", title="HellaSwag, choice of the ending", format="choice", roles=INTERMEDIATE,
        languages=("en",), labels=(), metrics=ACCURACY, score=ACCURACY, trains_on="hellaswag",
        training_set=("hellaswag",),
        hub=HubTable(
            "Rowan/hellaswag", "default", NO_TEST,
            {"id": "ind", "context": "ctx_a", "question": "ctx_b", "choices": "endings", "answer": "label"},
            revision="218ec52e09a7e7462a5400043bb9a69a41d06b76",
        ),
        size={"train": (39_905, 39_905), "test": (10_042, 10_042)},
        licence="MIT", citation="Zellers et al. 2019, arXiv 1905.07830",
    ),
    Task(
        name="ccg", title="CCGbank, supertagging", format="tagging", roles=INTERMEDIATE, languages=("en",), labels=(),
        metrics=ACCURACY, score=ACCURACY, trains_on="ccg", training_set=("ccg",), hub=None,
        folder="lines of word|…|supertag in train.txt, validation.txt (section 00) and test.txt (section 23)",
        size={"train": (38_015, 38_015), "validation": (5_484, 5_484)},
        licence="LDC user agreement (LDC2005T13)", citation="Hockenmaier and Steedman 2007, aclanthology J07-3004",
    ),
    Task(
        name="cosmosqa", title="Cosmos QA, choice of the answer to a question about a text", format="choice",
        roles=INTERMEDIATE, languages=("en",), labels=(), metrics=ACCURACY, score=ACCURACY, trains_on="cosmosqa",
        training_set=("cosmosqa",),
        hub=HubTable(
            "allenai/cosmos_qa", "default", NO_TEST,
            {
                "id": "id", "context": "context", "question": "question",
                "choices": "answer0 + answer1 + answer2 + answer3", "answer": "label",
            },
            converted=True, revision="ed50fe83db62b355759053b1cd5eef344ee371e0",
        ),
        size={"train": (25_262, 25_262), "test": (2_985, 2_985)},
        licence="CC BY 4.0", citation="Huang et al. 2019, arXiv 1909.00277",
    ),
    Task(
        name="csqa", title="CommonsenseQA, choice of the answer to a question", format="choice", roles=INTERMEDIATE,
        languages=("en",), labels=(), metrics=ACCURACY, score=ACCURACY, trains_on="csqa", training_set=("csqa",),
        hub=HubTable(
            "tau/commonsense_qa", "default", NO_TEST,
            {"id": "id", "question": "question", "choices": "choices.text", "answer": "answerKey"}, ("context",),
            # the commit that converted it to parquet
            revision="94630fe30dad47192a8546eb75f094926d47e155",
        ),
        size={"train": (9_741, 9_741), "test": (1_221, 1_221)},
        licence="MIT", citation="Talmor et al. 2019, arXiv 1811.00937",
    ),
    Task(
        name="mlm", title="masked language modelling on multilingual text", format="mlm", roles=INTERMEDIATE,
        languages=PANX, labels=(), metrics=ACCURACY, score=ACCURACY, trains_on="mlm", training_set=("mlm",),
        hub=WIKIPEDIA, origins={"native": WIKIPEDIA},
        size={}, licence="CC BY-SA 3.0 and GFDL", citation="Wikimedia, dumps of 2023-11-01",
    ),
)
# fmt: on
