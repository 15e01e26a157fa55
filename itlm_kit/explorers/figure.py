"""plotly's interactive figure without a third of the memory that it brings along."""

import sys
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def _without(name):
    """As if a module were not installed."""
    loaded = sys.modules.get(name)
    sys.modules[name] = None
    yield
    del sys.modules[name]
    if loaded is not None:
        sys.modules[name] = loaded


# plotly imports nbformat, so jsonschema, so a grammar of internet addresses that takes 16 MB, where it is installed.
with _without("rfc3987_syntax"):
    import plotly.basewidget
    import plotly.graph_objects as go

_SCRIPT = Path(plotly.__file__).parent / "package_data" / "widgetbundle.js"


class FigureWidget(go.FigureWidget):
    """As plotly's, with the few characters beyond ASCII in its script as escapes: they double what 5 MB take.

    Of its eleven buttons, all in the way of who moves by the Tab key, it has two, and none that sends data away.
    """

    _esm = _SCRIPT.read_text(encoding="utf-8").encode("ascii", "backslashreplace").decode()

    def __init__(self, figure):
        super().__init__(figure)
        self._config = {"displaylogo": False, "modeBarButtons": [["toImage", "resetScale2d"]]}
