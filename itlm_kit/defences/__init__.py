"""What ITLM is compared with, a file for each: what it does, and the names under which experiments run it.

A defence against wrong labels is called with a LabelTask and returns a Fitted; its file lists it in `LABEL_RIVALS`.
A defence against backdoors is called with the Evidence of a first training and returns a bool mask (n,) of what the
second is trained on; its file lists it in `BACKDOOR_DEFENCES`. Either is a named function, or a frozen dataclass with
its choices as fields, which then are part of what a stored result is known by. A new file here is all that it takes:

    def kept(seen: Evidence) -> np.ndarray: ...
    BACKDOOR_DEFENCES = {"my-defence": kept}
"""

from collections.abc import Callable
from functools import cache

from itlm_kit.plugins import collected


@cache
def label_rivals() -> dict[str, Callable]:
    """{name: rival} of every file here: LabelTask -> Fitted."""
    return collected(__name__, "LABEL_RIVALS")


@cache
def backdoor_defences() -> dict[str, Callable]:
    """{name: defence} of every file here: Evidence -> bool mask (n,)."""
    return collected(__name__, "BACKDOOR_DEFENCES")
