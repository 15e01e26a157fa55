"""One picture as people see it: upright, on white paper, 8 bits a colour; greys of more bits are brought to 8 later."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

ENDS = (
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jpx", ".pbm",
    ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
_TOLD_APART_ONLY = ("BUFR", "GRIB", "HDF5", "MPEG", "WMF")  # what Pillow opens and cannot read
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_ORIENTATION = 0x112  # the EXIF tag
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE",
    8: "ROTATE_90",
}  # fmt: skip
_WHITES = (1, 255, 2**10 - 1, 2**12 - 1, 2**14 - 1, 2**16 - 1)  # the full values that grey pictures are made with


class BrokenPicture(Exception):
    """A file that should be a picture and cannot be read; its text says why."""


class Picture(NamedTuple):
    """What a file shows."""

    pixels: np.ndarray  # (3, h, w) uint8; (h, w) float32 as stored where `depth` is there
    depth: tuple[str, float, float] | None = None  # of greys of more than 8 bits: "I" or "F", lowest and highest value


def is_picture(path: Path) -> bool:
    """Whether a file is a picture: its name ends as those of pictures do, or Pillow opens it whatever its name."""
    return path.suffix.lower() in ENDS or (path.is_file() and _opens(path))


def picture_size(path: Path) -> tuple[int, int] | None:
    """Width and height that a picture file says it has, in pixels; None where it cannot be read."""
    from PIL import Image

    if not path.is_file():  # a pipe would be waited for
        return None
    try:
        with Image.open(path) as image:
            return image.size
    except Exception:  # as in read_picture
        return None


def read_picture(path: Path, size: int | None = None) -> Picture:
    """Read a picture file, of several frames the first; raises BrokenPicture where that fails.

    size: cut out the central square and resize it to size x size pixels. Transparency is laid on white, the
    orientation noted in the file is followed.
    """
    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        raise BrokenPicture("there is no such file" if path.is_symlink() or not path.exists() else "it is no file")
    try:
        # Pillow gets the file, not its name: by name it maps plain TIFFs that are turned into the wrong shape.
        with open(path, "rb") as file, Image.open(file) as image:
            image.load()
            return _deep(image, size) if image.mode.startswith(("I", "F")) else _coloured(image, size)
    except UnidentifiedImageError as error:
        raise BrokenPicture("no image that Pillow knows") from error
    except Exception as error:  # whatever a library meets in a file that anyone may have written
        raise BrokenPicture(str(error) or type(error).__name__) from error


def to_bytes(pictures: list[Picture]) -> list[np.ndarray]:
    """Bring grey pictures of one set to 8 bits by one scale, so that equal values stay equal: (3, h, w) uint8 each.

    Whole numbers ("I") have one black and one white, real numbers ("F") theirs. Of whole numbers black is 0, and white
    the lowest of 1 and the full values of 8, 10, 12, 14 and 16 bits that no picture exceeds; of real numbers in [0, 1]
    black is 0 and white 1. Where values are negative or larger, they are the lowest and the highest value of the set.
    """
    kinds = {picture.depth[0] for picture in pictures}
    spans = {kind: _span(kind, [each.depth for each in pictures if each.depth[0] == kind]) for kind in kinds}
    return [_scaled(picture.pixels, *spans[picture.depth[0]]) for picture in pictures]


def _opens(path):
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.format not in _TOLD_APART_ONLY
    except Exception:  # as in read_picture
        return False


def _coloured(image, size):
    flat = _flat(_turned(image, _orientation(image)))
    return Picture(np.asarray(_fitted(flat, size)).transpose(2, 0, 1))


def _deep(image, size):
    from PIL import Image

    values = np.array(image, np.float32)
    values[values == image.info.get("transparency")] = _WHITES[-1]  # a PNG of 16 bits: this grey is see-through
    if not np.isfinite(values).all():
        raise BrokenPicture("it holds values that are no finite numbers")
    depth = image.mode[0], float(values.min()), float(values.max())
    grey = _turned(Image.fromarray(values), _orientation(image))
    return Picture(np.asarray(_fitted(grey, size)), depth)


def _orientation(image):
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # notes that nobody can read are no reason not to show the picture
        return None


def _turned(image, orientation):
    from PIL import Image

    how = _UPRIGHT.get(orientation)
    return image if how is None else image.transpose(Image.Transpose[how])


def _flat(image):
    """In RGB, on white where it is see-through."""
    from PIL import Image

    if not _is_see_through(image):
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _is_see_through(image):
    has_alpha = image.mode in _WITH_ALPHA or (image.palette is not None and image.palette.mode in _WITH_ALPHA)
    return has_alpha or "transparency" in image.info


def _fitted(image, size):
    from PIL import ImageOps

    return image if size is None else ImageOps.fit(image, (size, size))


def _span(kind, depths):
    """The values of black and white."""
    low, high = min(d[1] for d in depths), max(d[2] for d in depths)
    whites = _WHITES[:1] if kind == "F" else _WHITES
    white = next((full for full in whites if high <= full * (1 + 1e-6)), None)  # for 1 that was rounded to above 1
    return (low, high) if low < 0 or white is None else (0, white)


def _scaled(values, black, white):
    share = np.clip((values.astype(float) - black) / ((white - black) or 1), 0, 1)
    return np.broadcast_to(np.rint(255 * share).astype(np.uint8), (3, *values.shape))
