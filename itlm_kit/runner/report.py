"""What a person looks at after a run: each notebook as a page, and an index with a picture of each."""

import base64
import copy
import html
import io
import re
from datetime import datetime
from numbers import Number
from typing import NamedTuple

from itlm_kit.files import write_atomically
from itlm_kit.names import counted, duration
from itlm_kit.notebook import readable
from itlm_kit.pages import template
from itlm_kit.runner.exporter import OfflineExporter

_PLOTLY, _PLOTLY_JS = "application/vnd.plotly.v1+json", "plotly.min.js"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_THUMBNAIL = (720, 450)  # pixels, at most


class Page(NamedTuple):
    """A notebook as a page, not yet on disk."""

    title: str
    html: str
    picture: bytes | None  # a small PNG, if the notebook shows a picture


def draw_page(nb, name):
    """The Page of a notebook called `name`; raises whatever its outputs are the cause of."""
    title, picture = _title(nb) or name, _telling_picture(nb)
    return Page(title, _html(nb, title), None if picture is None else _shrink(picture))


def write_page(page, folder, name):
    """Write `<name>.html` and, if there is a picture, `<name>.png`; return the title and the picture's name.

    Raises OSError when the folder cannot be written to.
    """
    if _PLOTLY_JS in page.html:
        _write_plotly(folder / _PLOTLY_JS)
    write_atomically(folder / f"{name}.html", lambda file: file.write(page.html.encode()))
    if page.picture is not None:
        write_atomically(folder / f"{name}.png", lambda file: file.write(page.picture))
    return {"title": page.title, "thumbnail": None if page.picture is None else f"{name}.png"}


def _title(nb):
    headings = (re.search(r"^# +(.+)$", cell.source, re.M) for cell in nb.cells if cell.cell_type == "markdown")
    return next((found[1].strip() for found in headings if found), None)


def _html(nb, title):
    nb = copy.deepcopy(nb)
    for _, bundle, about in _bundles(nb):
        if _PLOTLY in bundle:
            _draw_plotly(bundle)
        elif "image/png" in bundle and "alt" in about.get("image/png", {}):
            _draw_described(bundle, about["image/png"]["alt"])
    return OfflineExporter().from_notebook_node(nb, {"metadata": {"name": title}})[0]


def _draw_plotly(bundle):
    # An interactive figure becomes markup that loads the one plotly.js lying beside the page.
    from plotly.io import to_html

    figure = bundle.pop(_PLOTLY)
    bundle.clear()
    bundle["text/html"] = to_html(figure, include_plotlyjs=_PLOTLY_JS, full_html=False, validate=False)


def _draw_described(bundle, alt):
    # nbconvert leaves out what a picture shows in words; of an explorer these are its finding, for everyone.
    source, words = html.escape(f"data:image/png;base64,{bundle.pop('image/png')}"), html.escape(alt)
    image = f'<img alt="{words}" src="{source}" style="max-width: 100%; height: auto">'
    caption = f"<figcaption>{words}</figcaption>" if _WIDGET in bundle else ""
    bundle["text/html"] = f'<figure style="margin: 0">{image}{caption}</figure>'


def _write_plotly(path):
    from plotly.offline import get_plotlyjs

    if not path.exists():
        write_atomically(path, lambda file: file.write(get_plotlyjs().encode()))


def _bundles(nb):
    # (cell, MIME bundle, its metadata) of each output that has one.
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                yield cell, output["data"], output.get("metadata", {})


def _telling_picture(nb):
    # PNG bytes: of the cell tagged `thumbnail`, else the first there is.
    pictures = [(cell, bundle["image/png"]) for cell, bundle, _ in _bundles(nb) if "image/png" in bundle]
    pictures.sort(key=lambda picture: "thumbnail" not in picture[0].metadata.get("tags", []))  # stable
    return base64.b64decode(pictures[0][1]) if pictures else None


def _shrink(png):
    from PIL import Image

    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.thumbnail(_THUMBNAIL)
        picture.save(small, "PNG", optimize=True)
    return small.getvalue()


def index_page(report):
    """The index of a run as one HTML text, from the content of its results.json; it asks for nothing from elsewhere."""
    notebooks = report["notebooks"]
    counts = {verdict: sum(n["verdict"] == verdict for n in notebooks) for verdict in ("passed", "failed")}
    started = datetime.fromisoformat(report["started"])
    when = f"{started.day} {started:%B %Y, %H:%M}"
    said = {"figure": _figure, "words": lambda name: name.replace("_", " "), "time": duration}
    return template("itlm_kit.runner", "index.html").render(**report, counts=counts, when=when, **said)


def _figure(value):
    # A recorded figure, short enough for a card.
    if isinstance(value, dict) or (isinstance(value, list) and not _is_short(value)):
        return counted(len(value), "value")
    return readable(value)


def _is_short(values):
    return len(values) <= 6 and all(isinstance(value, Number) for value in values)
