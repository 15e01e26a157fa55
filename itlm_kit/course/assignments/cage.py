"""What a submission is kept from on Linux: the network, other processes, and files that are not its own."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import psutil

# $1 is the submission's own folder; then, up to a -- each: folders that it finds empty, mounts to be read only, and
# mounts to be read only where they can be.
_SCRIPT = """
own=$1; shift; mount --bind "$own" "$own" || exit 1
while [ "$1" != -- ]; do mount -t tmpfs -o size=64m none "$1" || exit 1; shift; done; shift
while [ "$1" != -- ]; do mount -o remount,bind,ro "$1" || exit 1; shift; done; shift
while [ "$1" != -- ]; do mount -o remount,bind,ro "$1"; shift; done; shift
cd "$own" && exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""
_ALONE = ("unshare", "--user", "--map-root-user", "--net")
_WALLED = (*_ALONE, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", _SCRIPT, "cage")
_TIED = ("setpriv", "--pdeathsig", "KILL", "--")  # a grader that is killed cannot end what it has started
_SHARED = "/dev/shm"  # memory that one process leaves to others: each submission has its own
WORDS = {
    "walls": "submissions run without network, see no other process and write no file of yours",
    "network": "submissions run without network; this machine does not let their files be kept apart from yours",
    "none": "submissions run with network and all of your files: only grade what you would run yourself",
}


def command(words, own, hidden=()):
    """The command `words`, run from the folder `own` behind as many walls as this machine has.

    hidden: folders that it finds empty.
    """
    if walls() == "walls":
        empty = [str(folder) for folder in map(_resolved, (*hidden, _SHARED)) if _can_be_hidden(folder, own)]
        return [*tied(), *_walled(own, empty), *words]
    return [*tied(), *(_ALONE if walls() == "network" else ()), *words]


@cache
def tied():
    """Words before a command that end it with the thread that started it, where the system has such."""
    return _TIED if _works([*_TIED, "true"]) else ()


@cache
def walls():
    """How a submission is kept apart here, a key of WORDS, found out by trying."""
    tries = {"walls": [*_walled(Path(__file__).parent, [_SHARED]), "true"], "network": [*_ALONE, "true"]}
    return next((kind for kind, words in tries.items() if _works(words)), "none")


def _works(words):
    return shutil.which(words[0]) is not None and not subprocess.run(words, capture_output=True).returncode


def _walled(own, empty):
    home = Path.home().resolve()
    needed = {"/", str(next(folder for folder in (home, *home.parents) if os.path.ismount(folder)))}
    return [*_WALLED, str(own), *empty, "--", *sorted(needed), "--", *sorted(_mounts() - needed), "--"]


def _mounts():
    """Where something is mounted that can be written to, but for what the system itself shows there."""
    found = psutil.disk_partitions(all=True)
    places = {one.mountpoint for one in found if "rw" in one.opts.split(",")}
    return {place for place in places if not place.startswith(("/proc", "/sys", "/dev"))}


def _resolved(folder):
    return Path(folder).resolve()


def _can_be_hidden(folder, own):
    """Whether Python and the kit still run without the folder."""
    needed = map(_resolved, (own, sys.prefix, sys.base_prefix, sys.executable, __file__, os.__file__))
    return folder.is_dir() and not any(folder in path.parents or folder == path for path in needed)
