"""What a submission is kept from on Linux: the network, other processes, and files that are not its own."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

# $1 is the submission's own folder, what follows up to -- are folders that it finds empty; then mounts to be read only.
_SCRIPT = """
own=$1; shift; mount --bind "$own" "$own" || exit 1
while [ "$1" != -- ]; do mount -t tmpfs none "$1" || exit 1; shift; done; shift
while [ "$1" != -- ]; do mount -o remount,bind,ro "$1" || exit 1; shift; done; shift
cd "$own" && exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""
_ALONE = ("unshare", "--user", "--map-root-user", "--net")
_WALLED = (*_ALONE, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", _SCRIPT, "cage")
WORDS = {
    "walls": "submissions run without network, see no other process and write no file but their own",
    "network": "submissions run without network; this machine does not let their files be kept apart from yours",
    "none": "submissions run with network and all of your files: only grade what you would run yourself",
}


def command(words, own, hidden=()):
    """The command `words`, run from the folder `own` behind as many walls as this machine has.

    hidden: folders that it finds empty.
    """
    if walls() == "walls":
        empty = [str(folder) for folder in map(_resolved, hidden) if _can_be_hidden(folder, own)]
        return [*_WALLED, str(own), *empty, "--", *_mounts(), "--", *words]
    return [*_ALONE, *words] if walls() == "network" else list(words)


@cache
def walls():
    """How a submission is kept apart here, a key of WORDS, found out by trying."""
    own = Path(__file__).parent
    tries = {"walls": [*_WALLED, str(own), "--", *_mounts(), "--", "true"], "network": [*_ALONE, "true"]}
    return next((kind for kind, words in tries.items() if _works(words)), "none")


def _works(words):
    return shutil.which(words[0]) is not None and not subprocess.run(words, capture_output=True).returncode


def _mounts():
    """The mounts that hold the system and the home folder, each once."""
    home = Path.home().resolve()
    return sorted({"/", str(next(folder for folder in (home, *home.parents) if os.path.ismount(folder)))})


def _resolved(folder):
    return Path(folder).resolve()


def _can_be_hidden(folder, own):
    """Whether Python and the kit still run without the folder."""
    needed = map(_resolved, (own, sys.prefix, sys.base_prefix, sys.executable, __file__, os.__file__))
    return folder.is_dir() and not any(folder in path.parents or folder == path for path in needed)
