"""What runner, notebooks and experiments share about the machine: profiles, devices, threads, versions."""

import os
import platform
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from itlm_kit.errors import InputError, check_choice
from itlm_kit.extras import installed, needs

_version = cache(version)  # read from files, which takes longer than a small cell
PROFILES = ("quick", "full")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Where:
    """Where something is computed and where it finds its data."""

    device: str = "cpu"
    data_root: str | Path | None = None
    rounds: Path | None = None  # file in which a long run keeps its finished rounds


def resolve_device(device: str) -> str:
    """Turn "auto" into "cuda" where there is one, else "cpu"; raises InputError for a CUDA that is not there."""
    check_choice("device", device, DEVICES)
    if device == "cpu" or (device == "auto" and not installed("torch")):
        return "cpu"
    needs("torch")
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise InputError("device must be one that is here; got 'cuda', and torch finds none. Use --device cpu")
    return "cpu"


def device_name(device: str) -> str:
    """What a figure was measured on, in words."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {os.cpu_count()} cores"


def has_bfloat16(device: str) -> bool:
    """Whether products in bfloat16 are faster than in float32 on a device, "cpu" or "cuda".

    Of CPUs, those of x86 with instructions for it are; others are taken to be slower.
    """
    import torch

    if device != "cpu":
        return True
    able = getattr(torch.cpu, "get_capabilities", dict)()
    return any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def versions() -> dict[str, str]:
    """Versions of what a figure depends on, as far as it is installed."""
    found = {"python": platform.python_version()}
    for name in ("itlm_kit", "numpy", "scipy", "torch", "torchvision", "scikit-learn"):
        with suppress(PackageNotFoundError):
            found[name] = _version(name)
    return found


@contextmanager
def single_thread():
    """One BLAS thread and one torch thread inside, as before afterwards."""
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")  # not imported here: what does without torch goes on doing so
    threads = torch.get_num_threads() if torch else None
    with threadpool_limits(1):
        try:
            if torch:
                torch.set_num_threads(1)
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)
