"""The controls of explorers: all with a label, all for the keyboard as well."""

import anywidget
import ipywidgets as widgets

_LABEL, _CONTROL = "105px", "300px"


def slider(label, value, low, high, step):
    """A slider over whole numbers where the step is one, over floats otherwise."""
    if low == high:
        return choice(label, value, (value,))
    kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
    return kind(value, min=low, max=high, step=step, **_look(label))


def steps(label, value, options):
    """A slider over a few given values."""
    kind = widgets.SelectionSlider if len(options) > 1 else widgets.Dropdown  # browsers refuse a slider of no length
    return kind(options=options, value=value, **_look(label))


def choice(label, value, options):
    """A drop-down list."""
    return widgets.Dropdown(options=options, value=value, **_look(label))


def seed_box(value=0):
    """A box for the seed: any whole number."""
    return widgets.BoundedIntText(value, min=0, max=2**31 - 1, **_look("seed"))


def _look(label):
    return {"description": label, "style": {"description_width": _LABEL}, "layout": {"width": _CONTROL}}


def row(controls):
    """Controls side by side, as many as there is room for."""
    return widgets.Box([*controls, _Access()], layout={"flex_flow": "row wrap", "max_width": "950px"})


class _Access(anywidget.AnyWidget):
    """Mends the controls beside it for keyboards and screen readers.

    ipywidgets leaves the handles of sliders without a name: they take that of their label. JupyterLab takes the arrow
    keys away from lists: its shortcuts are switched off there.
    """

    _esm = """
    export default { render({ el }) {
      const observer = new MutationObserver(mend)
      function mend() {
        for (const list of el.parentElement.querySelectorAll('select')) list.dataset.lmSuppressShortcuts = true
        for (const slider of el.parentElement.querySelectorAll('.widget-slider')) {
          const label = slider.querySelector('label').textContent
          slider.querySelector('.noUi-handle')?.setAttribute('aria-label', label)
        }
      }
      let frame = requestAnimationFrame(function start() {
        if (!el.parentElement) { frame = requestAnimationFrame(start); return }
        mend()
        observer.observe(el.parentElement, { childList: true, subtree: true })
      })
      return () => { cancelAnimationFrame(frame); observer.disconnect() }
    } }
    """


def reach(control):
    """Both ends of a slider, or all that a choice offers."""
    return control.options if hasattr(control, "options") else (control.min, control.max)
