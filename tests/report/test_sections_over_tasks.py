"""The sections on aggregates, encoder families and the mixed model say what was planted, and say it with its recipe."""

import dataclasses

import pandas as pd

from tests.synthetic import grid
from xtl.report import aggregates_section, families_section, mixed_section, sections

LAB = {"kind": "lab", "languages": 12, "train": 100, "test": 20, "seed": 0}
MADE = ["en", *(f"qa{letter}" for letter in "abcdefghijkl")]


def found(data=LAB, **options):
    cells, scores, records, languages = grid(**dict(languages=MADE) | options)
    return sections.find(data, cells, scores, languages), records


def text(section) -> str:
    parts = []
    for block in section["blocks"]:
        parts += [block["heading"], *block["text"], *block["items"], *(p["alt"] for p in block["pictures"])]
        for shown in block["tables"]:
            parts += [shown["caption"], *shown["notes"]]
            parts += [f"{c['text']} {c['sub']}" for row in shown["rows"] for c in row]
    return "\n".join(parts)


def test_aggregates_of_a_planted_gain():
    said = text(aggregates_section.over_tasks(found(gain=10.0, noise=0.1)[0]))
    assert "100 % 100 to 100 %" in said  # every run with the intermediate beats every run without it
    assert "must not be read as 95 %: simulated with 3 seeds" in said
    assert "nine-task score is not shown: xnli, pawsx, panx, mlqa, tydiqa and bucc missing" in said


def test_the_benchmarks_score_is_the_mean_of_its_nine_tasks():
    one = found()[0]
    names = "xnli pawsx udpos panx xquad mlqa tydiqa bucc tatoeba".split()
    rows = [
        dict(encoder="bert", architecture="bert", intermediate="none", target=name, source="en", provenance="native",
             seed=seed, run_id=f"{name}{seed}", same_data=False, status="done", score=10.0 * i + seed, languages=1,
             missing=0, missing_languages="")
        for i, name in enumerate(names) for seed in (0, 1, 2)
    ]  # fmt: skip
    said = text(aggregates_section.over_tasks(dataclasses.replace(one, tasks=pd.DataFrame(rows))))
    # 0 to 80 in steps of ten, plus the seed: 40, 41, 42; t interval of three values with sd 1 is ± 2.48
    assert "41.0 38.5 to 43.5" in said and "Mean of the nine task scores" in said


def test_families_are_told_apart_by_kind():
    said = text(families_section.by_family(*found()))
    assert "Contrast of pretraining recipes" in said and "bert − roberta" in said
    assert "Contrast of architecture and objective together" in said and "Confounded" not in said
    assert "no intermediate is shown to help one encoder more than another" in said
    one = families_section.by_family(*found(encoders=("bert",)))
    assert one["blocks"] == []


def test_the_mixed_model_speaks_of_similarity_or_says_why_not():
    said = text(mixed_section.what_moves(found()[0]))
    assert "after ~ baseline from other seeds" in said and "(1|language)" in said
    assert "From a language without any similarity to one with all" in said or "Nothing is said of similarity" in said
    assert "intermediate (the cells have one intermediate)" in said
    alone = text(mixed_section.what_moves(found(seeds=(0,))[0]))
    assert "seed" in alone and "From a language" not in alone
    assert mixed_section.what_moves(found(intermediates=("none",))[0])["blocks"] == []
