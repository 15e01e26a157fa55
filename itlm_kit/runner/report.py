"""What a person looks at after a run: each notebook as a page, and an index with a picture of each."""

import base64
import copy
import html
import io
import re
from datetime import datetime
from numbers import Number
from typing import NamedTuple

import jinja2

from itlm_kit.files import write_atomically
from itlm_kit.names import duration
from itlm_kit.notebook import readable
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
    return _environment().from_string(_INDEX).render(**report, counts=counts, when=when)


def _environment():
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(figure=_figure, words=lambda name: name.replace("_", " "), time=duration)
    return environment


def _figure(value):
    # A recorded figure, short enough for a card.
    if isinstance(value, dict) or (isinstance(value, list) and not _is_short(value)):
        return f"{len(value)} value{'s' * (len(value) != 1)}"
    return readable(value)


def _is_short(values):
    return len(values) <= 6 and all(isinstance(value, Number) for value in values)


_INDEX = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>itlm run: {{ counts.passed }} passed{% if counts.failed %}, {{ counts.failed }} failed{% endif %}</title>
<link rel="icon" href="data:,">
<style>
:root { --ink: #1d2733; --soft: #5a6775; --line: #dfe5ec; --paper: #f6f8fa; --card: #fff;
        --good: #0b6b53; --good-bg: #e1f3ed; --bad: #a3320b; --bad-bg: #fdeae2; --accent: #1f5fa8; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", sans-serif; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; padding-bottom: 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
header p { margin: .15rem 0; } header p, footer { color: var(--soft); }
.grid { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow: hidden;
          display: flex; flex-direction: column; box-shadow: 0 1px 2px #1d27330d; }
article.failed { border-color: var(--bad); }
.picture { display: grid; place-items: center; height: 200px; border-bottom: 1px solid var(--line);
           background: #fff; text-decoration: none; }
.picture img { width: 100%; height: 199px; object-fit: contain; padding: .6rem; }
.picture span { font: 600 3.2rem/1 ui-monospace, monospace; color: #b9c6d4; }
.body { padding: .9rem 1.1rem 1rem; display: flex; flex-direction: column; gap: .55rem; flex: 1; }
h2 { font-size: 1.08rem; line-height: 1.3; margin: 0; }
h2 a { color: inherit; text-decoration: none; } h2 a:hover { text-decoration: underline; }
.line { display: flex; flex-wrap: wrap; gap: .35rem .8rem; align-items: center; color: var(--soft); font-size: .9rem; }
.pill { font-weight: 600; padding: .05rem .6rem; border-radius: 99px; background: var(--good-bg); color: var(--good); }
.failed .pill, header .pill.failed { background: var(--bad-bg); color: var(--bad); }
.over { color: var(--bad); font-weight: 600; }
.failure { background: var(--bad-bg); border-radius: 8px; padding: .55rem .75rem; font-size: .88rem; }
pre { margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .8rem/1.4 ui-monospace, monospace;
      max-height: 11rem; overflow: auto; }
dl { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; margin: 0; font-size: .88rem; }
dt { color: var(--soft); } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.links { margin-top: auto; padding-top: .3rem; display: flex; gap: 1rem; font-size: .92rem; }
a { color: var(--accent); } a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { padding-top: 1.5rem; padding-bottom: 2.5rem; font-size: .88rem; }
@media print { article { break-inside: avoid; } }
</style>
</head>
<body>
<header>
<h1>Iterative Trimmed Loss Minimization: the notebooks</h1>
<p class="line"><span class="pill{{ ' failed' if counts.failed }}">
{{- ('✗ %d failed' % counts.failed) if counts.failed else '✓ all passed' if complete else 'not finished' }}</span>
<span>{{ counts.passed }} of {{ notebooks | length }} passed{% if not complete %}, more to run{% endif %}</span>
<span>{{ settings.profile }} profile</span>
<span>device {{ settings.device }}</span>
<span>{{ when }}</span></p>
</header>
<main class="grid">
{% for n in notebooks %}
<article class="{{ n.verdict }}">
{% set page = (n.name ~ '.html') if n.title else none %}
<a class="picture"{% if page %} href="{{ page | urlencode }}"{% endif %} tabindex="-1" aria-hidden="true">
{%- if n.thumbnail %}<img src="{{ n.thumbnail | urlencode }}" alt="" loading="lazy">
{%- else %}<span>{{ n.name[:2] }}</span>{% endif %}</a>
<div class="body">
<h2>{% if page %}<a href="{{ page | urlencode }}">{{ n.title }}</a>{% else %}{{ n.name }}{% endif %}</h2>
<div class="line"><span class="pill">{{ '✓ passed' if n.verdict == 'passed' else '✗ failed' }}</span>
{% if n.parameters.profile != settings.profile %}
<span>{{ n.parameters.profile }} profile</span>
{% endif %}
<span>{{ n.seconds | time }}
{%- if n.budget_seconds and n.seconds > n.budget_seconds %} <span class="over">over {{ n.budget_seconds }} s</span>
{%- endif %}</span>
<span title="peak {{ n.peak_mb }} MB in all; a bare import torch takes {{ baseline_mb }} MB">
{{- '%.0f' | format(n.above_baseline_mb) }} MB above torch</span></div>
{% if n.failure %}
<div class="failure"><strong>{% if n.failure.cell %}Cell {{ n.failure.cell }}, {% endif %}{{ n.failure.kind }}:</strong>
{{ n.failure.error }}
{% if n.failure.source %}<pre>{{ n.failure.source }}</pre>{% endif %}</div>
{% endif %}
{% if n.records %}
<dl>{% for name, value in n.records.items() %}<dt>{{ name | words }}</dt><dd>{{ value | figure }}</dd>{% endfor %}</dl>
{% endif %}
{% if page %}
<div class="links"><a href="{{ page | urlencode }}" aria-label="Read {{ n.title }}">Read</a>
<a href="{{ (n.name ~ '.ipynb') | urlencode }}" aria-label="Notebook {{ n.title }}">Notebook</a></div>
{% endif %}
</div>
</article>
{% endfor %}
</main>
<footer>{% for name, number in versions.items() %}{{ name }} {{ number }} · {% endfor %}
memory above a bare <code>import torch</code> ({{ '%.0f' | format(baseline_mb) }} MB) ·
<a href="results.json">results.json</a></footer>
</body>
</html>
"""
