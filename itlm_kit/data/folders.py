"""Anyone's own folder of images, as people have them: loaded as a set, listed file by file."""

import numpy as np

from itlm_kit.data.image_set import ImageSet
from itlm_kit.data.picture_files import files_below, files_in, folders_in, in_words, tell, without_repeats
from itlm_kit.data.pictures import BrokenPicture, picture_size, read_picture, to_bytes
from itlm_kit.errors import InputError, check_integer
from itlm_kit.extras import needs
from itlm_kit.files import as_path
from itlm_kit.names import listed, readable
from itlm_kit.progress import progress

PARTS = ("train", "training", "val", "valid", "validation", "test", "testing")  # of a set, each with the classes in it
LARGEST = 64  # side of images that size="auto" takes as they are, in pixels
SIDE = 32  # to which it brings others: what a small network learns from a few hundred images
# Why a file is passed over.
_UNKNOWN, _BROKEN, _AGAIN = "unknown to Pillow are", "broken are", "shown again by links are"
_UNFILED, _DEEPER = "in no class folder lie", "sub-folders are"


def load_folder(path, *, size=None, labelled=True, skip_broken=False):
    """Read a folder of images, in the order of their names, as an ImageSet of RGB images.

    labelled: the folder holds one sub-folder per class, numbered 0, 1, ... by name, see `image_files`; otherwise it
    holds the images themselves and all are labelled 0. size: cut out the central square and resize it to size x size
    pixels; without it all images must be of one size; "auto": 32 where they are not, or larger than 64. skip_broken:
    leave out files that cannot be read; the ImageSet's files are those that were. Images are upright, on white where
    they are see-through, and brought to 8 bits, those of a set by one scale (`pictures.to_bytes`). Warns of files
    passed over. Raises InputError, naming the files, for images that cannot be read, differ in size, or leave a class
    empty.
    """
    needs("PIL")
    path = as_path(path)
    if size not in (None, "auto"):
        check_integer("size", size, remedy="It is the side of the images in pixels.")
    files, y, names, passed = _class_files(path) if labelled else _flat_files(path)
    size = _fitting(files) if size == "auto" else size
    x, broken = _read_pictures(files, size, skip_broken)
    tell(path, passed | {_BROKEN: [files[i] for i in broken]})
    files, y = np.delete(np.array(files, object), broken), np.delete(np.array(y, np.int64), broken)
    _check_classes_left(y, names)
    name = _name(path)
    return ImageSet(name, x, y, len(names), f"{readable(name)}, {len(y):,} images", tuple(names), tuple(files))


def image_files(path):
    """The images of a folder with one sub-folder per class: files, labels and names of the classes, three lists.

    files and labels: of all images, in the order in which `load_folder` reads them; labels count the names, which are
    the sub-folders'. A file is an image where its name ends as those of images do, or Pillow opens it. Hidden files and
    folders are left out. Links are followed, and a file that several lead to is listed once, under its own folder
    where that is one of them. Warns of other files, by name. Raises InputError for no sub-folder, one without images,
    and where the classes lie deeper: in the parts of a set, such as train and val, or in a single folder around them.
    """
    needs("PIL")
    path = as_path(path)
    files, labels, names, passed = _class_files(path)
    tell(path, passed)
    return files, labels, names


def _class_files(path):
    """Files, labels, names of the classes, and {why: files} for those passed over."""
    folders = folders_in(path) if path.is_dir() else []
    found = {folder.name: files_below(folder) for folder in folders}
    pictures = [file for each in found.values() for file in each.pictures]
    files = without_repeats(pictures, path)
    passed = {
        _UNKNOWN: [file for each in found.values() for file in each.others],
        _AGAIN: sorted(set(pictures).difference(files)),
        _UNFILED: files_in(path).pictures if folders else [],
    }
    number = {name: number for number, name in enumerate(found)}
    labels = [number[file.relative_to(path).parts[0]] for file in files]
    _check_layout(path, folders, files)
    _check_filled(path, list(found), labels, passed)
    return files, labels, list(found), passed


def _flat_files(path):
    found = files_in(path) if path.is_dir() else None
    if not (found and found.pictures):
        raise InputError(
            f"{readable(path)} must be a folder that holds images; it holds none. Pass labelled=True for sub-folders."
        )
    files = without_repeats(found.pictures, path)
    again = sorted(set(found.pictures).difference(files))
    passed = {_UNKNOWN: found.others, _AGAIN: again, _DEEPER: folders_in(path)}
    return files, [0] * len(files), [_name(path)], passed


def _name(path):
    return path.name or path.resolve().name  # of "." too


def _check_layout(path, folders, files):
    """Raise InputError unless there are folders, and they are the classes, not what lies around them."""
    if not folders:
        found = "it has no sub-folders" if path.is_dir() else "it is no folder" if path.exists() else "it is not there"
        raise InputError(f"{readable(path)} must hold one folder of images per class; {found}.")
    filled = {path / file.relative_to(path).parts[0] for file in files}
    direct = {file.parent for file in files}
    around = [f for f in sorted(filled - direct) if f.name.lower() in PARTS or (len(filled) == 1 < len(folders_in(f)))]
    if filled and len(around) == len(filled):
        raise InputError(
            f"{readable(path)} must hold one folder of images per class; it holds "
            f"{listed(f.name for f in around)}, with the classes in it. Load {readable(around[0])}."
        )


def _check_filled(path, names, labels, passed):
    filled = set(labels)
    empty = [name for number, name in enumerate(names) if number not in filled]
    if empty:
        why = f" {in_words(path, passed)}" if any(passed.values()) else ""
        raise InputError(
            f"{readable(path)} must hold one folder of images per class; {listed(empty)} holds none.{why} "
            "Fill it or remove it."
        )


def _fitting(files):
    """The size that images have to be brought to; None where they are small and of one size."""
    sizes = {size for size in map(picture_size, files) if size is not None}  # None: broken, told later
    return None if len(sizes) <= 1 and max(map(max, sizes), default=0) <= LARGEST else SIDE


def _read_pictures(files, size, skip_broken):
    """The images (m, 3, h, w) uint8 of all files that can be read, and the positions of the others."""
    broken = {}
    x = _stacked(_whole(files, size, broken), len(files))
    if broken and (x is None or not skip_broken):
        told = listed([f"{files[i]} ({why})" for i, why in broken.items()], most=100)
        way = "" if skip_broken else ", or pass skip_broken=True, --skip-broken to the command"
        raise InputError(
            f"every image must be whole; {len(broken)} of {len(files)} cannot be read: {told}. "
            f"Replace or remove them{way}."
        )
    return x, list(broken)


def _whole(files, size, broken):
    """Yield (file, Picture) of the files that can be read; the others go into `broken`, {position: why}."""
    for position, file in enumerate(progress(files, words="reading")):
        try:
            yield file, read_picture(file, size)
        except BrokenPicture as error:
            broken[position] = error


def _stacked(pictures, most):
    """The images of (file, Picture), at most `most`, as one array, None for none; a large folder is held once."""
    x, deep, first, count = None, {}, None, 0
    for file, picture in pictures:
        shape = picture.pixels.shape[-2:]
        if x is None:
            x, first = np.empty((most, 3, *shape), np.uint8), file
        if shape != x.shape[-2:]:
            sizes = " and ".join(f"{width}x{height}" for height, width in (shape, x.shape[-2:]))
            two = f"{readable(file)} and {readable(first)}"
            raise InputError(f"images must be of one size; {two} have {sizes}. Pass size, e.g. size=64")
        if picture.depth:
            deep[count] = picture
        else:
            x[count] = picture.pixels
        count += 1
    for row, pixels in zip(deep, to_bytes([*deep.values()]), strict=True):
        x[row] = pixels
    return None if x is None else x[:count]


def _check_classes_left(y, names):
    lost = np.setdiff1d(np.arange(len(names)), y)
    if lost.size:
        raise InputError(f"every class must have an image that is whole; {listed(names[c] for c in lost)} has none.")
