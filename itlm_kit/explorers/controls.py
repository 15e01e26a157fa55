"""The controls of explorers: all with a label, all for the keyboard as well."""

from numbers import Real

import anywidget
import ipywidgets as widgets
import traitlets

from itlm_kit.errors import InputError, check_choice, check_integer

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


def toggle(label, tooltip):
    """A button that stays pressed until it is pressed again: False or True."""
    return widgets.ToggleButton(False, description=label, tooltip=tooltip, layout={"width": _CONTROL})


def seed_box():
    """A box for the seed: any whole number."""
    return number_box("seed", 0, 2**31 - 1)


def number_box(label, value, high):
    """A box for a whole number from 0 to `high`; the arrow keys go to the next one."""
    return widgets.BoundedIntText(value, min=0, max=high, **_look(label))


def _look(label):
    return {"description": label, "style": {"description_width": _LABEL}, "layout": {"width": _CONTROL}}


def row(controls):
    """Controls side by side, as many as there is room for."""
    return widgets.Box([*controls, _Access()], layout={"flex_flow": "row wrap", "max_width": "950px"})


def player(slider):
    """A button that walks a slider over whole numbers to its end, from the start where it is there already."""
    button = _Player(label=slider.description)
    for name in ("min", "max", "value"):
        widgets.link((slider, name), (button, name))
    return button


class _Player(anywidget.AnyWidget):
    """Sets `value` to the next whole number, up to `max`, every half second after it was pressed."""

    label = traitlets.Unicode().tag(sync=True)
    min, max, value = (traitlets.Int().tag(sync=True) for _ in range(3))
    _esm = """
    export default { render({ model, el }) {
      const button = document.createElement('button')
      let timer = null
      button.className = 'jupyter-button widget-button'
      button.style.width = '300px'
      const say = () => { button.textContent = (timer ? '■ stop: ' : '▶ play: ') + model.get('label') }
      const stop = () => { clearInterval(timer); timer = null; say() }
      const go = value => { model.set('value', value); model.save_changes() }
      const step = () => model.get('value') < model.get('max') ? go(model.get('value') + 1) : stop()
      button.onclick = () => {
        if (timer) return stop()
        if (model.get('value') === model.get('max')) go(model.get('min'))
        timer = setInterval(step, 500)
        say()
      }
      say()
      el.append(button)
      return stop
    } }
    """


class _Access(anywidget.AnyWidget):
    """Mends the controls beside it for keyboards and screen readers.

    ipywidgets leaves the handles of sliders and the numbers beside them without a name: they take that of their label.
    Of a slider over given values it tells the place, not the value: that is told. It tells by a shade alone that a
    button is pressed: that is said too. JupyterLab takes the arrow keys away from lists: its shortcuts are switched off
    there. The words below the figure become a live region, which has to be there before they change.
    """

    _esm = """
    export default { render({ el }) {
      const observer = new MutationObserver(mend)
      function mend() {
        for (const list of el.parentElement.querySelectorAll('select')) list.dataset.lmSuppressShortcuts = true
        for (const slider of el.parentElement.querySelectorAll('.widget-slider')) {
          const label = slider.querySelector('label').textContent
          const [handle, number] = ['.noUi-handle', '.widget-readout'].map(part => slider.querySelector(part))
          handle?.setAttribute('aria-label', label)
          handle?.setAttribute('aria-valuetext', number.textContent)
          number.setAttribute('role', 'textbox')
          number.setAttribute('aria-label', label + ', as a number')
        }
        for (const button of el.parentElement.querySelectorAll('.widget-toggle-button')) {
          const pressed = String(button.classList.contains('mod-active'))
          if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed)
        }
      }
      let frame = requestAnimationFrame(function start() {
        const words = el.closest('.widget-vbox')?.querySelector('.widget-html-content:has(> p)')
        if (!words) { frame = requestAnimationFrame(start); return }
        words.setAttribute('role', 'status')
        mend()
        observer.observe(el.parentElement, { childList: true, subtree: true, attributeFilter: ['class'] })
      })
      return () => { cancelAnimationFrame(frame); observer.disconnect() }
    } }
    """


def reach(control):
    """Both ends of a slider, or all that a choice offers."""
    if hasattr(control, "options"):
        return control.options
    return (control.min, control.max) if hasattr(control, "min") else (False, True)


def check(name, control, value):
    """The value as the control would hold it; raises InputError where it cannot take it."""
    if not hasattr(control, "min"):
        return check_choice(name, value, reach(control))
    if isinstance(value, bool) or not isinstance(value, Real) or not control.min <= value <= control.max:
        raise InputError(f"{name} must lie in {control.min}..{control.max}, the ends of its slider; got {value!r}.")
    return check_integer(name, value, low=control.min) if isinstance(control.min, int) else float(value)
