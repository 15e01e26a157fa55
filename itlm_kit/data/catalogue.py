"""All sets of images by name: load one, list what is there, check it."""

from itlm_kit.data import embedded, published
from itlm_kit.data.image_set import enlarge
from itlm_kit.data.root import data_root as find_root
from itlm_kit.errors import InputError, check_choice

EMBEDDED = {"digits": embedded.load_digits, "patches": embedded.load_patches}
NAMES = (*EMBEDDED, *published.PUBLISHED)


def load(name, part="train", data_root=None, *, size=None):
    """Load a set of images by name as an ImageSet, its part "train" or "test".

    data_root: see `itlm_kit.data.data_root`. size: enlarge the images to size x size pixels. Raises InputError, naming
    the file and what to do, when a file is missing, damaged or cut short.
    """
    check_choice("data", name, NAMES)
    check_choice("part", part, ("train", "test"))
    if name in EMBEDDED:
        image_set = EMBEDDED[name](part)
    else:
        root = find_root(data_root)
        fault = published.find_fault(name, root)
        if fault:
            raise InputError(f"{fault.path} {fault.words}. Run: itlm data download {name} --data-root {root}")
        image_set = published.read(name, part, root)
    return image_set if size is None else enlarge(image_set, size)
