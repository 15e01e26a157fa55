"""What all explorers share: named controls, a figure that follows them at once, and a picture and words that stay."""

import base64
import html
import io
from contextlib import contextmanager

import ipywidgets as widgets

from itlm_kit.errors import check_choice
from itlm_kit.explorers.controls import check, player, reach, row
from itlm_kit.explorers.figure import FigureWidget, go


class Explorer(widgets.VBox):
    """Controls above one interactive figure, which a saved or exported notebook shows as a picture with its finding.

    A subclass computes `scene(**values)`, a pure function of one value per control, whose result is drawn by its `view`
    (screen(scene) -> plotly figure as a dict, picture(scene) -> matplotlib Figure) and told by `scene.words`.
    controls: {name: widget}. values: where they start. Raises InputError for an unknown name or a value out of range.
    A button plays the control that the subclass calls `walks`; a line of code tells where the controls are.
    """

    view = None  # a module of itlm_kit.plots
    walks = None  # the control over rounds or epochs, if there is one
    takes = ""  # how what it is called with before the values is written in a line of code

    def __init__(self, controls, values):
        self.controls, self.words, self.code = controls, widgets.HTML(), widgets.HTML()
        self._defaults, self._given = self.values, set(values)
        for name, value in values.items():
            controls[name].value = self._check(name, value)
        self._start = self.values
        scene = self.scene(**self.values)
        self._drawn = self.view.screen(scene)
        self.figure = FigureWidget(self._drawn)
        self.say(scene.words)
        self.players = [player(slider) for slider in self._walked().values()]
        super().__init__([row([*controls.values(), *self.players]), self.code, self.figure, self.words])
        for control in controls.values():
            control.observe(self._follow, "value")

    @property
    def values(self):
        """{name: value} of all controls."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def line(self):
        """The call that brings the controls where they are, with the values that differ from the defaults."""
        moved = [f"{name}={value!r}" for name, value in self.values.items() if value != self._defaults[name]]
        name = type(self).__module__.rpartition(".")[2]
        return f'get_explorer("{name}")({", ".join(filter(None, [self.takes, *moved]))})'

    @property
    def telling(self):
        """The values of the picture that stays: as `most_telling` has it for controls that nobody has set or moved."""
        now = self.values
        return now | {
            name: value
            for name, value in self.most_telling().items()
            if name not in self._given and now[name] == self._start[name]
        }

    def most_telling(self):
        """{name: value} where the figure shows most: the last round or epoch."""
        return {name: slider.max for name, slider in self._walked().items()}

    def _walked(self):
        """{name: slider} of the rounds or epochs, where there are several."""
        return {name: one for name, one in self.controls.items() if name == self.walks and hasattr(one, "max")}

    def figure_at(self, **values):
        """The plotly Figure for these values, the present ones where none is given; moves no control."""
        values = {name: self._check(name, value) for name, value in values.items()}
        return go.Figure(self.view.screen(self.scene(**{**self.values, **values})))

    def sweep(self):
        """Visit both ends of every slider and each option of every choice, then come back; returns [(name, value)]."""
        visited = []
        for name, control in self.controls.items():
            before = control.value
            for value in reach(control):
                control.value = value
                visited.append((name, value))
            control.value = before
        return visited

    def say(self, words, alert=False):
        """Show words below the figure, in a live region (see `row`), and above it the line of code that leads here.

        A screen reader says the words when they change.
        """
        role, look = (' role="alert"', "; color: #b00020; background: white; font-weight: bold") if alert else ("", "")
        self.words.value = f'<p{role} style="max-width: 950px; line-height: 1.4{look}">{html.escape(words)}</p>'
        self.code.value = f'As code: <code style="user-select: all">{html.escape(self.line)}</code>'

    def _follow(self, change):
        with self._errors_told():
            scene = self.scene(**self.values)
            self._draw(self.view.screen(scene))
            self.say(scene.words)

    @contextmanager
    def _errors_told(self):
        """Errors are told where a person looks, and raised so that no run passes over them."""
        try:
            yield
        except Exception as error:
            self.say(f"{type(error).__name__}: {error}", alert=True)
            raise

    def _draw(self, figure):
        before = self._drawn
        with self.figure.batch_update():
            _update_each(self.figure.data, before["data"], figure["data"])
            _update(self.figure.layout, before["layout"], figure["layout"])
        self._drawn = figure
        # Without this a reloaded or exported page shows the figure as it was built, beside controls that have moved.
        # Not from what plotly holds: it drops the numbers that a browser sends back to it as they were.
        parts = zip(figure["data"], self.figure.data, strict=True)
        self.figure._widget_data = [{**trace, "uid": part.uid} for trace, part in parts]
        self.figure._widget_layout = {**figure["layout"], "template": self.figure.layout.template.to_plotly_json()}

    def _repr_mimebundle_(self, **kwargs):
        scene = self.scene(**self.telling)
        bundle = super()._repr_mimebundle_(**kwargs)
        still = {"text/plain": scene.words, "image/png": _png(self.view.picture(scene))}
        return {**bundle, **still}, {"image/png": {"alt": scene.words}}

    def _check(self, name, value):
        return check(name, self.controls[check_choice("control", name, tuple(self.controls))], value)


def _update(part, before, after):
    # Only what has changed, part by part: plotly takes ten times as long to find that out.
    for key, value in after.items():
        old = before.get(key)
        if value == old:
            continue
        if isinstance(value, dict) and old is not None:
            _update(part[key], old, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            _update_each(part[key], old, value)
        else:
            part[key] = value


def _update_each(parts, before, after):
    for part, old, new in zip(parts, before, after, strict=True):
        _update(part, old, new)


def _png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    return base64.b64encode(file.getvalue()).decode()
