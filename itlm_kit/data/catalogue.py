"""All sets by name: load one, list what is there, check it."""

import shlex
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from itlm_kit.data import embedded, torchvision_sets
from itlm_kit.data.celeba import CELEBA, find_celeba_fault, load_celeba
from itlm_kit.data.cifar10n import BY_PEOPLE, LABELS, find_cifar10n_fault, read_labels
from itlm_kit.data.corrupted import Corrupted
from itlm_kit.data.image_set import enlarge
from itlm_kit.data.root import data_root as find_root
from itlm_kit.errors import InputError, check_choice

EMBEDDED = {"digits": embedded.load_digits, "patches": embedded.load_patches}
NAMES = (*EMBEDDED, *torchvision_sets.PUBLISHED, "celeba")  # what load takes


class _Entry(NamedTuple):
    what: str
    place: str  # below the data root
    find_fault: Callable  # root -> Fault or None
    remedy: str  # completed with root


def _published(name, what):
    find_fault = partial(torchvision_sets.find_fault, name)
    remedy = f"Run: itlm data download {name} --data-root {{root}}"
    return _Entry(what, torchvision_sets.PUBLISHED[name].folder, find_fault, remedy)


_FILES = {
    "mnist": _published("mnist", "60,000 + 10,000 handwritten digits, 28x28 grey"),
    "fashion_mnist": _published("fashion_mnist", "60,000 + 10,000 pieces of clothing, 28x28 grey"),
    "cifar10": _published("cifar10", "50,000 + 10,000 photographs in ten classes, 32x32 colour"),
    "cifar10n": _Entry(
        "people's labels of the 50,000 training images of CIFAR-10", LABELS, find_cifar10n_fault,
        "It cannot be downloaded automatically: fetch CIFAR-10_human.pt from its authors (noisylabels.com) and save "
        f"its arrays with numpy.savez as {LABELS} below the data root.",
    ),
    "celeba": _Entry(
        "aligned faces, colour", CELEBA, find_celeba_fault,
        "It cannot be downloaded automatically: fetch img_align_celeba.zip from its authors "
        f"(mmlab.ie.cuhk.edu.hk/projects/CelebA.html) and unpack it as {CELEBA} below the data root.",
    ),
}  # fmt: skip
_IN_SCIKIT_LEARN = {
    "digits": "1,797 handwritten digits, 8x8 grey",
    "patches": "patches of two photographs, 8x8 grey, the wrong images to mix in",
}


def load(name, part="train", data_root=None, *, size=None):
    """Load a set of images by name as an ImageSet, its part "train" or "test".

    data_root: see `itlm_kit.data.data_root`. size: enlarge the images to size x size pixels; CelebA's are cut and
    resized to it (64 unless told) and have no test part. Raises InputError, naming the file and what to do, when a
    file is missing, damaged or cut short.
    """
    check_choice("data", name, NAMES)
    check_choice("part", part, ("train", "test") if name != "celeba" else ("train",))
    if name == "celeba":
        return load_celeba(_sound_root(name, data_root), size)
    if name in EMBEDDED:
        image_set = EMBEDDED[name](part)
    else:
        image_set = torchvision_sets.read(name, part, _sound_root(name, data_root))
    return image_set if size is None else enlarge(image_set, size)


def load_cifar10n(kind, data_root=None):
    """The 50,000 training images of CIFAR-10 with labels that people gave them, as Corrupted (x (n, 3, 32, 32) uint8).

    kind: "aggregate", "random1", "random2", "random3" or "worst". Raises InputError for another kind, as `load` for
    missing or damaged files, and when the labels are in another order than the images. Wei et al. (2022), section 3.
    """
    check_choice("kind", kind, BY_PEOPLE)
    given, true = read_labels(_sound_root("cifar10n", data_root), kind)
    images = load("cifar10", data_root=data_root)
    differ = int((images.y != true).sum())
    if differ:
        raise InputError(
            f"the labels of CIFAR-10N must be in the order of CIFAR-10's images; {differ:,} of its clean labels are "
            f"not theirs. Fetch {LABELS} anew."
        )
    return Corrupted(images.x, given, given == true, true)


def listing(root=None):
    """What sets there are: a list of dict(name, what, where, state, size, remedy).

    state is "ready", "missing" or "damaged"; size is in bytes on disk (0 for what comes with scikit-learn); remedy
    says what is wrong and what to do, and is empty when nothing is.
    """
    root = find_root(root)
    return [_describe(name, root) for name in (*_IN_SCIKIT_LEARN, *_FILES)]


def check(name, root=None):
    """Check the files of a set and return its line of `listing` with files = {file: the published md5 it has}.

    Raises InputError, naming the file and what to do, when one is missing or damaged.
    """
    check_choice("data", name, (*_IN_SCIKIT_LEARN, *_FILES))
    line = _describe(name, find_root(root))
    if line["state"] != "ready":
        raise InputError(line["remedy"])
    return {**line, "files": torchvision_sets.PUBLISHED[name].md5 if name in torchvision_sets.PUBLISHED else {}}


def _sound_root(name, root):
    root, entry = find_root(root), _FILES[name]
    fault = entry.find_fault(root)
    if fault:
        raise InputError(_told(fault, entry, root))
    return root


def _describe(name, root):
    if name in _IN_SCIKIT_LEARN:
        what, where = _IN_SCIKIT_LEARN[name], "comes with scikit-learn"
        return {"name": name, "what": what, "where": where, "state": "ready", "size": 0, "remedy": ""}
    entry = _FILES[name]
    fault, where = entry.find_fault(root), root / entry.place
    return {
        "name": name,
        "what": entry.what,
        "where": str(where),
        "state": fault.state if fault else "ready",
        "size": _size(where),
        "remedy": _told(fault, entry, root) if fault else "",
    }


def _told(fault, entry, root):
    return f"{fault.path} {fault.words}. {entry.remedy.format(root=shlex.quote(str(root)))}"


def _size(place):
    files = [place] if place.is_file() else place.glob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
