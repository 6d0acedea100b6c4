"""Evaluating a target in every language: score rows, per-example rows, submission files, predictions to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from xtl.models.embeddings import POOLINGS, embed, recipe_layer
from xtl.models.encoders import depth_of, load_encoder, load_tokenizer, on_device
from xtl.models.subwords import of_scores
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of
from xtl.tasks.sources import DataSource
from xtl.tasks.sources.source import subset
from xtl.training.finetune import Trained, fitting_length, predict_and_score

# Up to so many sentences in a language, retrieval is scored at every layer; beyond, at the recipe's alone, because all
# layers of a pool of 400,000 sentences would fill 80 GB.
CURVE_SENTENCES = 20_000
COVERED = 200  # examples whose texts tell how well a vocabulary covers a language
TEXTS = {"text_a", "text_b", "tokens", "context", "question", "text"}


@dataclass
class Results:
    """What an evaluation leaves behind."""

    scores: list[dict] = field(default_factory=list)  # a row a metric, as `add` writes it
    examples: list[pd.DataFrame] = field(default_factory=list)  # target, language, example_id, score
    shown: dict = field(default_factory=dict)  # (target, language) -> table of a few predictions

    def add(
        self,
        target: str,
        language: str,
        metrics: dict[str, float],
        n: int,
        layer: int | None = None,
        pooling: str | None = None,
        headline: bool = True,
        **more: float,
    ) -> None:
        """Rows of the metrics (in points) of n test examples of a target in a language; `more` are further columns."""
        where = dict(target=target, language=language, split="test", n=n, **more)
        how = dict(layer=layer, pooling=pooling, headline=headline)
        self.scores += [{**where, "metric": metric, "value": value, **how} for metric, value in metrics.items()]

    def table(self, metric: str | None = None) -> pd.DataFrame:
        """Headline scores in points, a row per language, a column per target and metric."""
        rows = pd.DataFrame([r for r in self.scores if r["headline"]])
        if metric:
            rows = rows[rows.metric == metric]
        order = list(dict.fromkeys(rows.language))
        return rows.pivot_table(index="language", columns=["target", "metric"], values="value").loc[order]


def evaluate(
    trained: Trained,
    targets: dict[str, list[str]],
    data: DataSource,
    folder: str | Path,
    *,
    max_eval_examples: int | None = None,
    max_length: int = 128,
    stride: int = 64,
    source: str = "en",
    adapted: Callable[[str, str], tuple[object, int] | None] | None = None,
) -> Results:
    """Score a fine-tuned model on the test data of every language of every target.

    source: the language of the training data, with whose test texts the vocabulary's pieces are compared.
    adapted: (target, language) -> the model of that language, trained on some of its examples besides (few-shot), and
    how many, or None where the fine-tuned model itself is asked; scores of the former are not zero-shot.
    """
    results = Results()
    max_length = fitting_length(max_length, trained.tokenizer)
    for target, languages in targets.items():
        task = TASKS[target]
        tests = {language: subset(data.examples(target, "test", language), max_eval_examples) for language in languages}
        covered = of_scores(trained.tokenizer, {code: sample(examples) for code, examples in tests.items()}, source)
        for language, examples in tests.items():
            own, shots = (adapted(target, language) if adapted else None) or (trained.model, 0)
            metrics, per_example, predictions = predict_and_score(
                own, trained.tokenizer, task, examples, language, max_length, stride
            )
            touched = {"zero_shot": False, "shots": shots} if shots else {}
            results.add(target, language, metrics, len(examples), **covered[language], **touched)
            ids = [str(i) for i in examples["id"]]
            _keep(results, task, language, examples, ids, per_example, predictions, folder)
    if trained.history:
        from xtl.training.selection import outcomes  # here, because retrieval trains nothing

        score = {target: TASKS[target].score for target in targets}
        for row in outcomes(trained.history, trained.averaged, score):
            results.scores.append({"split": "test", "headline": False, **row})
    return results


def watcher(
    targets: dict[str, list[str]], data: DataSource, *, max_eval_examples: int | None, max_length: int, stride: int
) -> Callable[[object, object], list[dict]]:
    """Function: (model, tokenizer) -> rows target, language, metric, value (points) and n of all tests."""
    tests = {
        (target, language): subset(data.examples(target, "test", language), max_eval_examples)
        for target, languages in targets.items()
        for language in languages
    }

    def rows(model, tokenizer) -> list[dict]:
        found, length = [], fitting_length(max_length, tokenizer)
        for (target, language), examples in tests.items():
            scored = predict_and_score(model, tokenizer, TASKS[target], examples, language, length, stride)
            where = dict(target=target, language=language, n=len(examples))
            found += [{**where, "metric": metric, "value": value} for metric, value in scored[0].items()]
        return found

    return rows


def evaluate_retrieval(
    checkpoint: str,
    targets: dict[str, list[str]],
    data: DataSource,
    folder: str | Path,
    *,
    revision: str | None = None,
    layer: int | None = None,
    pooling: str = "mean",
    prefix: str = "",
    max_length: int = 128,
    max_eval_examples: int | None = None,
) -> Results:
    """Score sentence retrieval at every layer by every pooling; the recipe's layer and pooling are the headline."""
    results = Results()
    model, tokenizer = on_device(load_encoder(checkpoint, revision)), load_tokenizer(checkpoint, revision)
    max_length, chosen = fitting_length(max_length, tokenizer), recipe_layer(depth_of(model), layer)
    for target, languages in targets.items():
        task = TASKS[target]
        module = format_of(task)
        for language in languages:
            pools = {}
            for split in module.SPLITS:
                examples = module.limit(data.examples(target, split, language), max_eval_examples)
                pools[split] = (*module.texts(examples), examples)
            small = all(len(foreign) + len(english) <= CURVE_SENTENCES for foreign, english, _ in pools.values())
            depths = list(range(depth_of(model) + 1)) if small else [chosen]
            vectors = {
                split: [embed(model, tokenizer, side, max_length, prefix=prefix, layers=depths) for side in sides]
                for split, (*sides, _) in pools.items()
            }
            sides = dict(zip((language, "en"), (texts[:COVERED] for texts in pools["test"][:2]), strict=True))
            covered = of_scores(tokenizer, sides, "en")[language]
            for at, depth in enumerate(depths):
                for p, name in enumerate(POOLINGS):
                    headline = (depth, name) == (chosen, pooling)
                    here = {s: (*(v[at, p] for v in vectors[s]), pools[s][2]) for s in pools}
                    predictions, metrics, per_example = module.evaluate(here, task, language)
                    results.add(target, language, metrics, len(per_example), depth, name, headline, **covered)
                    if headline:
                        ids = module.example_ids(here)
                        _keep(results, task, language, pools["test"][2], ids, per_example, predictions, folder)
    return results


def sample(examples) -> list[str]:
    """The texts of the first COVERED examples: every column of text that is no name, and lists of words joined."""
    head = examples.select(range(min(COVERED, len(examples))))
    texts = []
    for name in TEXTS & set(head.column_names):
        texts += [value if isinstance(value, str) else " ".join(value) for value in head[name]]
    return [text for text in texts if text]


def _keep(results: Results, task, language: str, examples, ids, per_example: np.ndarray, predictions, folder) -> None:
    module = format_of(task)
    results.examples.append(
        pd.DataFrame(
            {
                "target": task.name,
                "language": language,
                "example_id": ids,
                "score": per_example,
            }
        )
    )
    results.shown[task.name, language] = module.show(predictions, examples, task, 5)
    if task.submission:
        path = Path(folder) / "predictions" / task.submission / f"test-{language}.{module.SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        module.write_submission(predictions, examples, task, path)


def write(
    results: Results, folder: str | Path, *, run_id: str, labels: dict, n_train: int, selection: str
) -> pd.DataFrame:
    """Write scores.parquet and examples.parquet of a target run; returns the score rows.

    A row is zero-shot where the language is not the source's and no label of it chose anything (the threshold of mining
    is chosen on gold pairs of the language) or was trained on, by target training or an intermediate (labels `seen`:
    target -> languages). Rows that name their own `selection` keep it.
    """
    from xtl.runs.store import write_examples, write_scores

    rows = pd.DataFrame(results.scores)
    for name in ("selection", "zero_shot"):
        rows[name] = rows[name] if name in rows else None
    rows = rows.assign(
        run_id=run_id,
        n_train=n_train,
        selection=rows["selection"].fillna(selection),
        **{k: labels.get(k) for k in ("encoder", "architecture", "intermediate", "source", "provenance", "seed")},
    )
    chosen = {target: "validation" in format_of(TASKS[target]).SPLITS for target in rows.target.unique()}
    dev = rows.selection.astype(str).str.startswith("english_dev") & rows.language.eq("en")
    untouched = (rows.language != rows.source) & ~rows.target.map(chosen) & ~dev
    seen = {(target, code) for target, codes in (labels.get("seen") or {}).items() for code in codes}
    untouched &= pd.Series(list(zip(rows.target, rows.language, strict=True)), rows.index).map(
        lambda at: at not in seen
    )
    rows["zero_shot"] = untouched & rows.zero_shot.ne(False)
    write_scores(folder, rows)
    write_examples(folder, pd.concat(results.examples, ignore_index=True))
    return rows
