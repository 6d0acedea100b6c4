"""The worked examples in docstrings of metrics, similarity, formats and sources give what they say."""

import doctest
import importlib
import pkgutil

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset

import xtl.languages
import xtl.tasks
from xtl.tasks.catalog import TASKS
from xtl.tasks.formats import format_of

MODULES = [
    module.name
    for room in (xtl.languages, xtl.tasks)
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + ".")
]
NAMES = {"Dataset": Dataset, "TASKS": TASKS, "format_of": format_of, "np": np, "pd": pd}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name), extraglobs=NAMES)
    assert failed == 0
