"""A fine-tuned model scored on the test data of every language."""

from pathlib import Path
from typing import Any

from datasets import Dataset
from torch import nn

from xtl.evaluation.scores import Evaluation
from xtl.models.encoders import load_tokenizer
from xtl.models.subwords import of_scores
from xtl.tasks.catalog import TASKS
from xtl.tasks.sources import DataSource
from xtl.training.fewshot import with_shots
from xtl.training.finetune import Trained
from xtl.training.prediction import score_examples
from xtl.training.settings import TargetSettings
from xtl.training.snapshots import Test, outcomes

COVERED = 200  # examples whose texts tell how well a vocabulary covers a language
TEXTS = {"text_a", "text_b", "tokens", "context", "question", "text"}


def evaluate(
    trained: Trained, settings: TargetSettings, data: DataSource, folder: str | Path, source: str
) -> Evaluation:
    """Score a fine-tuned model on the test data of every language of every target.

    With `settings.shots` every language but the source has a model of its own, which was trained on some of its
    examples besides; what it scores is not zero-shot. What was noted while training, of all selection rules, becomes
    rows beside the headline.

    source: the language of the training data, with whose test texts the vocabulary's pieces are compared.
    """
    evaluation = Evaluation(Path(folder), trained.n_train, trained.selection)
    for target, tests in read_tests(settings, data).items():
        task = TASKS[target]
        texts = {language: sample(examples) for language, examples in tests.items()}
        covered = of_scores(trained.tokenizer, texts, source)
        for language, examples in tests.items():
            model = trained.model
            columns: dict[str, Any] = dict(covered[language])
            if settings.shots and language != source:
                model = with_shots(trained, settings, data, folder, target, language)
                columns |= {"zero_shot": False, "shots": settings.shots}
            scored = score_examples(model, trained.tokenizer, task, examples, language, settings.limits(target))
            evaluation.add(target, language, scored.metrics, len(examples), columns)
            evaluation.keep(task, language, examples, [str(name) for name in examples["id"]], scored)
    if trained.watched:
        score = {target: TASKS[target].score for target in settings.evaluate}
        rows = outcomes(trained.watched, trained.averaged, score).assign(split="test", headline=False)
        evaluation.rows += rows.to_dict("records")
    return evaluation


def read_tests(settings: TargetSettings, data: DataSource) -> dict[str, dict[str, Dataset]]:
    """Target -> language -> its test examples, the first `settings.max_eval_examples` of them."""
    tests: dict[str, dict[str, Dataset]] = {}
    for target, languages in settings.evaluate.items():
        tests[target] = {}
        for language in languages:
            tests[target][language] = data.first(target, "test", language, settings.max_eval_examples)
    return tests


def tester(settings: TargetSettings, data: DataSource) -> Test:
    """Function: model -> rows target, language, metric, value (points) and n of all tests."""
    tests = read_tests(settings, data)
    tokenizer = load_tokenizer(settings.checkpoint, settings.revision)

    def test(model: nn.Module) -> list[dict[str, Any]]:
        rows = []
        for target, languages in tests.items():
            for language, examples in languages.items():
                scored = score_examples(model, tokenizer, TASKS[target], examples, language, settings.limits(target))
                for metric, value in scored.metrics.items():
                    row = {"target": target, "language": language, "n": len(examples)}
                    rows.append({**row, "metric": metric, "value": value})
        return rows

    return test


def sample(examples: Dataset) -> list[str]:
    """The texts of the first COVERED examples: every column of text that is no name, and lists of words joined."""
    head = examples.select(range(min(COVERED, len(examples))))
    texts = []
    for name in TEXTS & set(head.column_names):
        texts += [value if isinstance(value, str) else " ".join(value) for value in head[name]]
    return [text for text in texts if text]
