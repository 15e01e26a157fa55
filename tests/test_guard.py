import os

from itlm_kit.runner.guard import Guard


def test_a_kernel_gets_its_share_of_the_cores_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    environment = Guard(threads=2).environment
    assert (environment["OMP_NUM_THREADS"], environment["OPENBLAS_NUM_THREADS"]) == ("2", "3")
    assert environment["PATH"] == os.environ["PATH"]
