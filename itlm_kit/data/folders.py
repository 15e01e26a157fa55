"""Folders of images: anyone's own, and CelebA's faces."""

from pathlib import Path

import numpy as np

from itlm_kit.data.image_set import ImageSet
from itlm_kit.data.root import Fault
from itlm_kit.errors import InputError, check_integer

CELEBA = "celeba/img_align_celeba"  # below the data root
FACE = 64  # pixels a side, as DC-GAN takes them
ENDS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".bmp",
    ".gif",
    ".ppm",
    ".pgm",
    ".tif",
    ".tiff",
    ".webp",
)  # what an image's name ends in


def load_folder(path, *, size=None, labelled=True):
    """Read a folder of images, in the order of their names, as an ImageSet of RGB images.

    labelled: the folder holds one sub-folder per class, numbered 0, 1, ... by name, see `image_files`; otherwise it
    holds the images themselves and all are labelled 0. size: cut out the central square and resize it to size x size
    pixels; without it all images must be of one size. Raises InputError, naming the file, for an image that cannot be
    read or differs.
    """
    path = Path(path).expanduser()
    if size is not None:
        check_integer("size", size, remedy="It is the side of the images in pixels.")
    files, y, classes = image_files(path) if labelled else _flat_files(path)
    x = _read_images(files, size)
    return ImageSet(path.name, x, np.array(y, np.int64), len(classes), f"{path.name}, {len(y):,} images")


def image_files(path):
    """The images of a folder with one sub-folder per class: files, labels and names of the classes, three lists.

    files and labels: of all images, in the order in which `load_folder` reads them; labels count the names, which are
    the sub-folders' (hidden ones left out). Raises InputError for no sub-folder, or one without images.
    """
    path = Path(path).expanduser()
    folders = sorted(p for p in path.glob("[!.]*") if p.is_dir())
    found = [sorted(p for p in folder.rglob("*") if _is_image(p)) for folder in folders]
    if not (found and all(found)):
        empty = f"{folders[found.index([])].name} holds none" if found else "it has no sub-folders"
        raise InputError(f"{path} must hold one folder of images per class; {empty}. Images end in {', '.join(ENDS)}.")
    files, labels = zip(*((file, c) for c, members in enumerate(found) for file in members), strict=True)
    return list(files), list(labels), [folder.name for folder in folders]


def load_celeba(root, size=None):
    """CelebA's aligned faces below the data root: the central square, 64 x 64 pixels unless told otherwise."""
    faces = load_folder(root / CELEBA, size=FACE if size is None else size, labelled=False)
    return faces._replace(name="celeba", source=f"CelebA, {len(faces.x):,} training images")


def find_celeba_fault(root):
    """The first Fault of CelebA's folder below the data root, or None; a JPEG file cut short is told by its end."""
    folder = root / CELEBA
    files = sorted(folder.glob("*.jpg"))
    if not files:
        return Fault(folder, "holds no images" if folder.is_dir() else "is missing", "missing")
    for path in files:
        try:
            words = None if _is_whole_jpeg(path) else "is not a whole JPEG file"
        except OSError as error:
            words = f"cannot be read ({error.strerror})"
        if words:
            return Fault(path, words, "damaged")
    return None


def _is_image(path):
    return path.suffix.lower() in ENDS


def _flat_files(path):
    files = sorted(p for p in path.glob("*") if _is_image(p))
    if not files:
        raise InputError(
            f"{path} must be a folder that holds images; it holds none. Pass labelled=True for sub-folders."
        )
    return files, [0] * len(files), [path.name]


def _read_images(files, size):
    first = _read_image(files[0], size)
    x = np.empty((len(files), *first.shape), np.uint8)  # filled in place: a large folder is held once
    for row, path in zip(x, files, strict=True):
        image = _read_image(path, size)
        if image.shape != first.shape:
            sizes = " and ".join(f"{i.shape[2]}x{i.shape[1]}" for i in (image, first))
            raise InputError(f"images must be of one size; {path} and {files[0]} have {sizes}. Pass size, e.g. size=64")
        row[:] = image
    return x


def _read_image(path, size):
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("RGB")  # upright, as a viewer shows it
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} must be a whole image; it cannot be read ({error}). Replace or remove it.") from error
    if size is not None:
        image = ImageOps.fit(image, (size, size))
    return np.asarray(image).transpose(2, 0, 1)


def _is_whole_jpeg(path):
    with open(path, "rb") as file:
        start = file.read(2)
        file.seek(max(0, path.stat().st_size - 2))
        return (start, file.read(2)) == (b"\xff\xd8", b"\xff\xd9")
