"""How notebooks are run: what is asked for, and what this machine has for it."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from numbers import Real
from typing import NamedTuple

from itlm_kit.data.root import data_root
from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.machine import DEVICES, PROFILES

MB = 1e6
# What the quick profile promises on two cores: seconds per notebook, and MB at its peak above a bare `import torch`.
QUICK_SECONDS = 60
QUICK_SECONDS_OF = {"06": 120}
QUICK_MEMORY = 330
CELL_SECONDS = {"quick": 300, "full": 24 * 3600}  # default time limit of one cell


@dataclass(frozen=True)
class Settings:
    """How notebooks are run. The first four are injected as their parameters, and what is their `own`."""

    profile: str = "quick"
    seed: int = 0
    device: str = "auto"
    data_root: str | None = None
    jobs: int = 1
    timeout: int | None = None  # seconds per cell; None: what the profile says
    max_memory: float | None = None  # MB above a bare `import torch`; None: what the profile says
    own: dict = field(default_factory=dict)  # parameters that only some notebooks have

    def __post_init__(self):
        check_choice("profile", self.profile, PROFILES)
        check_choice("device", self.device, DEVICES)
        check_integer("seed", self.seed, low=0)
        check_integer("jobs", self.jobs)
        if self.timeout is not None:
            check_integer("timeout", self.timeout, remedy="Seconds per cell, e.g. 300.")
        if self.max_memory is not None and not (isinstance(self.max_memory, Real) and 0 < self.max_memory < math.inf):
            raise InputError(f"max_memory must be a positive number of MB; got {self.max_memory!r}, e.g. 300.")
        if self.data_root is not None and not data_root(self.data_root).is_dir():
            raise InputError(f"data root must be a folder; there is none at {self.data_root}.")
        for name in self.own.keys() & {"profile", "seed", "device", "data_root"}:
            raise InputError(f"--set must name what only some notebooks have; {name} is a parameter of all.")

    @property
    def parameters(self):
        """{name: value} of all that is injected into a notebook."""
        root = None if self.data_root is None else str(data_root(self.data_root).resolve())
        return {"profile": self.profile, "seed": self.seed, "device": self.device, "data_root": root, **self.own}

    @property
    def cell_seconds(self):
        """Time limit of a cell."""
        return self.timeout or CELL_SECONDS[self.profile]

    def budget_seconds(self, name):
        """Seconds that the quick profile promises a notebook of this name to take at most, else None."""
        return QUICK_SECONDS_OF.get(name[:2], QUICK_SECONDS) if self.profile == "quick" else None

    def memory_limit(self, machine):
        """Most bytes of a kernel above the baseline, or None. The quick profile's own limit holds for the CPU only."""
        on_cpu = self.device == "cpu" or (self.device == "auto" and not machine.cuda)
        default = QUICK_MEMORY if self.profile == "quick" and on_cpu else None
        limit = self.max_memory or default
        return None if limit is None else limit * MB


class Machine(NamedTuple):
    """What the runner measures once before notebooks run."""

    baseline: int  # bytes of a Python that has imported torch and nothing else
    cuda: bool


@cache
def probe_machine():
    """Measure the Machine in a Python of its own."""
    code = (
        "import json, psutil, torch; m = psutil.Process().memory_info().rss;"
        "print(json.dumps([m, torch.cuda.is_available()]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if answer.returncode:
        reason = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"torch must be importable; {reason}. `itlm doctor` says what is missing.")
    return Machine(*json.loads(answer.stdout))
