import os

# Small networks gain nothing by a second thread, and two test processes on two cores would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np  # noqa: E402
import pytest  # noqa: E402

from itlm_kit import cli, data  # noqa: E402


@pytest.fixture
def real_data():
    """The data root, for tests of real sets: `real_data("mnist")` skips the test where that set is not there."""

    def root_with(name):
        line = next(line for line in data.listing() if line["name"] == name)
        if line["state"] != "ready":
            pytest.skip(line["remedy"])
        return data.data_root()

    return root_with


@pytest.fixture
def itlm(capsys, monkeypatch, tmp_path):
    """Call the command in an empty folder: itlm("run", "99") -> (exit code, output, error output)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ITLM_DATA_ROOT", raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            cli.main([str(argument) for argument in arguments])
        return left.value.code, *capsys.readouterr()

    return call


@pytest.fixture
def blind_label_noise(monkeypatch):
    """A function: from its call on, the truth of label-noise experiments is replaced by noise after the corruption."""
    from itlm_kit.chapters.labels import methods
    from itlm_kit.vision import noisy_set

    whole = noisy_set.noisy_set

    def blind(*args):
        noisy = whole(*args)
        return noisy._replace(is_clean=np.random.default_rng(9).permutation(noisy.is_clean))

    def from_now_on():
        monkeypatch.setattr(noisy_set, "noisy_set", blind)
        methods.drawn.cache_clear()

    yield from_now_on
    methods.drawn.cache_clear()


def pytest_collection_modifyitems(items):
    if os.name != "posix":
        skip_marked(items, "posix", "sends signals or calls a shell, which this system does otherwise")
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        skip_marked(marked, "gpu", "needs a CUDA device; torch finds none")


def skip_marked(items, mark, reason):
    for item in items:
        if item.get_closest_marker(mark):
            item.add_marker(pytest.mark.skip(reason=reason))
