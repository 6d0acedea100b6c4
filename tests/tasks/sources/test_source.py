"""What every source shares: samples, origins, and sources by their run parameters."""

import pytest
from datasets import Dataset

from xtl.base.errors import UserError
from xtl.lab.world.config import LabConfig
from xtl.tasks.sources import HubSource, LabSource, from_parameters
from xtl.tasks.sources.source import subset


def test_subsets():
    examples = Dataset.from_dict({"x": list(range(100))})
    assert list(subset(examples, 3)["x"]) == [0, 1, 2]
    assert subset(examples, None) is examples and subset(examples, 100) is examples
    ten, twenty = (list(subset(examples, n, seed=1)["x"]) for n in (10, 20))
    assert ten == twenty[:10] and ten != list(range(10)) and len(set(twenty)) == 20
    assert ten == list(subset(examples, 10, seed=1)["x"]) != list(subset(examples, 10, seed=2)["x"])


def test_sources_by_their_run_parameters():
    lab = from_parameters({"kind": "lab", "languages": 24})
    assert lab == LabSource(LabConfig(languages=24)) and lab.made and lab.parallel
    hub = from_parameters({"kind": "hub", "revisions": {"a/a": "1"}}, {"ccg": "here"})
    assert hub == HubSource({"a/a": "1"}, {"ccg": "here"}) and not hub.made and not hub.parallel
    with pytest.raises(UserError, match="data: unknown kind 'disk'; kinds are lab and hub"):
        from_parameters({"kind": "disk"})


def test_a_split_that_no_task_has():
    with pytest.raises(UserError, match="task xnli: there is no split 'dev'; splits are train, validation, test"):
        HubSource().examples("xnli", "dev", "en")
