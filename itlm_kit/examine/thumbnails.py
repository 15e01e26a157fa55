"""Thumbnails of many samples on a few sheets: a page shows a tile of a sheet where it would else hold 10,000 files."""

import base64
import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from itlm_kit.progress import progress

_ACROSS = 10  # tiles; a sheet has as many rows at most, so that a browser need not unpack what nobody looks at
_SIDE = 96  # pixels of a thumbnail, at most
_EDGE = 1  # pixels around each tile that repeat its border, where a browser's zoom would show the neighbour
_FORMATS = {"png": {}, "jpeg": {"quality": 90, "subsampling": 0}}


class Sheets(NamedTuple):
    """Tiles row by row in the order of the samples, `across` in a row and `across` rows on a sheet, the last excepted.

    urls: of the sheets, which they hold whole. height, width: of a picture, in its own pixels; its tile has `edge` more
    on each side. zoom: how many pixels of the screen a pixel gets.
    """

    urls: list[str]
    height: int
    width: int
    zoom: int
    across: int = _ACROSS
    edge: int = _EDGE

    @property
    def pitch(self):
        """(across, down): pixels from one tile to the next."""
        return self.width + 2 * self.edge, self.height + 2 * self.edge


def draw_sheets(images: np.ndarray) -> Sheets:
    """Sheets of images uint8 (n, 1 or 3, h, w), those larger than 96 pixels shrunk; a sheet is PNG, or JPEG if less."""
    height, width, _ = _small(images[0]).shape
    starts = progress(range(0, len(images), _ACROSS**2), words="drawing")
    urls = [_url(_sheet(images[start : start + _ACROSS**2])) for start in starts]
    return Sheets(urls, height, width, zoom=max(1, round(_SIDE / max(height, width))))


def _small(image):
    picture = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))
    picture.thumbnail((_SIDE, _SIDE))
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def _sheet(images):
    """(rows * h, _ACROSS * w, c) of images (n, c, h, w), black where the last row has none."""
    edges = [(0, 0), (_EDGE, _EDGE), (_EDGE, _EDGE), (0, 0)]
    tiles = np.pad(np.stack([_small(image) for image in images]), edges, mode="edge")
    n, h, w, c = tiles.shape
    rows = -(-n // _ACROSS)
    tiles = np.pad(tiles, [(0, rows * _ACROSS - n), (0, 0), (0, 0), (0, 0)])
    return tiles.reshape(rows, _ACROSS, h, w, c).swapaxes(1, 2).reshape(rows * h, _ACROSS * w, c)


def _url(sheet):
    picture = Image.fromarray(sheet.squeeze(-1) if sheet.shape[-1] == 1 else sheet)
    urls = (_data_url(picture, kind, options) for kind, options in _FORMATS.items())
    return min(urls, key=len)


def _data_url(picture, kind, options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
