"""What all tests share: outputs in a temporary folder, a miniature mirror, a tiny encoder."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
SHARED = Path(__file__).resolve().parents[2] / "shared"


# Files that take a minute or more, longest first: begun first, so that no process waits for another at the end.
LONG = ("test_smoke", "test_grids", "test_arms", "test_fetch", "test_simulations_aggregates")


def pytest_collection_modifyitems(items: list) -> None:
    """The long files first; the order within a file stays."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the project; the test is skipped where it is absent."""
    if not (SHARED / "data" / "hub").is_dir():
        pytest.skip("real data (../shared/data) is not here")
    return SHARED / "data"


@pytest.fixture(scope="session")
def mirror(tmp_path_factory) -> Path:
    """A miniature of the Hub with a few rows of every task of today."""
    from tests.miniature import write_mirror

    return write_mirror(tmp_path_factory.mktemp("mirror"))


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Folders of CCGbank's and BUCC's kind, as a grid names them."""
    from tests.miniature_tasks import write_folders

    return write_folders(tmp_path_factory.mktemp("folders"))


@pytest.fixture
def outputs(tmp_path, monkeypatch) -> Path:
    """An empty outputs folder of this test."""
    monkeypatch.setenv("XTL_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path / "outputs"


@pytest.fixture(scope="session")
def tiny_encoders(tmp_path_factory) -> dict[str, Path]:
    """Untrained encoders of the three architectures (2 layers x 16) over letters, saved as folders."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoModel

    from xtl.models.recipes import Pretraining
    from xtl.models.scratch import scratch_config, scratch_tokenizer

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [chr(c) for c in range(33, 127)]
    names += ["##" + name for name in names[5:]]
    vocabulary = Tokenizer(models.WordPiece({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    vocabulary.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    vocabulary.add_special_tokens(names[:5])
    folders = {}
    for architecture in ("bert", "roberta", "xlnet"):
        torch.manual_seed(0)
        settings = Pretraining(architecture=architecture, layers=2, hidden=16, heads=2, inner=64, length=64)
        tokenizer = scratch_tokenizer(settings, vocabulary)
        folders[architecture] = tmp_path_factory.mktemp(architecture)
        config = scratch_config(settings, tokenizer)
        AutoModel.from_config(config).save_pretrained(folders[architecture])
        tokenizer.save_pretrained(folders[architecture])
    return folders
