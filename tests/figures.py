"""What the tests of figures read off a matplotlib Figure, and ask of every one."""

from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SOURCE = "made up"


def drawn(axis):
    """Lines with data, as {(colour, line, marker): y values}; lines across the panel left out."""
    lines = [line for line in axis.lines if len(line.get_xdata()) > 2]
    return {(colors.to_hex(x.get_color()), str(x.get_linestyle()), x.get_marker()): x.get_ydata() for x in lines}


def texts(axis):
    return [text.get_text() for text in axis.texts]


def check(figure, panels=1):
    """A Figure with its source written, its axes named, every line unlike the others in shape; returns its axes."""
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure).draw()  # errors of layout and tick labels show only then
    assert figure.get_supxlabel() == SOURCE
    assert len(figure.axes) == panels
    for axis in figure.axes:
        assert axis.get_xlabel() and axis.get_ylabel() and axis.get_title(loc="left")
        shapes = [(line, marker) for _, line, marker in drawn(axis)]
        assert len(set(shapes)) == len(shapes)
    return figure.axes
