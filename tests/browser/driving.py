"""Drive Chromium over notebooks in JupyterLab and Voila, served from here and with nothing from elsewhere."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_LOCAL = ("http://127.0.0.1", "file:", "data:", "blob:")
_PATIENCE = 120  # seconds, on a busy machine
_QUIET = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are on the page, seen or not
}
_KERNEL_READY = """() => {
  const session = window.jupyterapp?.shell?.currentWidget?.sessionContext
  return session?.isReady && session.session?.kernel?.status === 'idle'
}"""
_DRAWN = """n => {
  const plot = document.querySelectorAll('.js-plotly-plot')[n]
  const numbers = values => Array.from(values ?? [])
  const traces = plot._fullData.map(t => [t.name, numbers(t.x), numbers(t.y), t.z, t.source, t.visible])
  return JSON.stringify([traces, plot.layout.annotations.map(a => a.text), plot.layout.images?.map(i => i.source)])
}"""
# From the key to the frame after the plot was drawn.
_WATCH = """n => {
  const plot = document.querySelectorAll('.js-plotly-plot')[n]
  const frame = () => requestAnimationFrame(() => { window.drawnAt = performance.now() })
  plot.on('plotly_afterplot', frame)
  window.addEventListener('keydown', () => { window.pressedAt = performance.now(); window.drawnAt = null }, true)
}"""


@contextlib.contextmanager
def lab(notebook):
    """A page of JupyterLab with the notebook open and its kernel ready."""
    settings = notebook.parent / "settings" / "@jupyterlab"
    for plugin, choice in _QUIET.items():
        path = settings / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(choice))
    options = ["--IdentityProvider.token=", "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True"]
    with _served("jupyterlab", notebook, [*options, f"--ServerApp.root_dir={notebook.parent}"]) as url:
        with page_at(f"{url}/lab/tree/{notebook.name}") as page:
            page.wait_for_function(_KERNEL_READY)  # sooner, Lab asks which kernel to take
            yield page


@contextlib.contextmanager
def voila(notebook):
    """The notebook as a page of its own, run by Voila."""
    with _served("voila", notebook, [str(notebook)]) as url:
        with page_at(url) as page:
            yield page


def run_all(page):
    """Run all cells; true where none failed."""
    page.evaluate("""() => {
      window.ran = null
      window.jupyterapp.commands.execute('notebook:run-all-cells').then(ok => { window.ran = [ok] })
    }""")
    page.wait_for_function("() => window.ran !== null")
    return page.evaluate("() => window.ran[0]")


def save(page):
    """Save the notebook, once the kernel has told all that it has to tell."""
    page.wait_for_function(_KERNEL_READY)
    page.evaluate("""() => {
      window.saved = false
      window.jupyterapp.commands.execute('docmanager:save').then(() => { window.saved = true })
    }""")
    page.wait_for_function("() => window.saved")


def wait_for_plots(page, count):
    """Wait until that many plots are drawn."""
    page.wait_for_function(f"() => document.querySelectorAll('.js-plotly-plot:has(.main-svg)').length >= {count}")


def drawn(page, plot=0):
    """What a plot shows, its data and its notes, as text."""
    return page.evaluate(_DRAWN, plot)


def watch(page, plot=0):
    """Take the time from each key press to the drawn plot from now on."""
    page.evaluate(_WATCH, plot)


def unlabelled(page):
    """Controls and pictures that a screen reader has no name for, as HTML."""
    return page.evaluate("""() => [...document.querySelectorAll(
      '[role=slider], [contenteditable], select, input, .widget-button, .modebar-btn'
        .replace(/[^,]+/g, '.widget-vbox $&') + ', img'
    )].filter(e => e.offsetParent !== null && !(
      e.getAttribute('aria-label') || e.labels?.length || e.alt || e.title
      || e.matches('button') && e.textContent.trim()
    )).map(e => e.outerHTML.slice(0, 200))""")


def told(page):
    """What a screen reader is told of each slider: (value, the number that is seen beside it)."""
    return page.evaluate("""() => [...document.querySelectorAll('.widget-slider')].map(slider => [
      slider.querySelector('[role=slider]').getAttribute('aria-valuetext'),
      slider.querySelector('.widget-readout').textContent,
    ])""")


def press(page, control, key, plot=0):
    """Press a key on a control and wait until what the plot shows is another."""
    before = drawn(page, plot)
    control.focus()
    page.keyboard.press(key)
    page.wait_for_function(f"([n, before]) => ({_DRAWN})(n) !== before", arg=[plot, before], polling="raf")


def time_press(page, control, key, plot=0):
    """As `press`; milliseconds from the key to the frame that shows the plot. `watch` comes first."""
    press(page, control, key, plot)
    page.wait_for_function("() => window.drawnAt !== null", polling="raf")
    return page.evaluate("() => window.drawnAt - window.pressedAt")


@contextlib.contextmanager
def _served(module, notebook, options):
    folder, port = notebook.parent, _free_port()
    with open(folder / f"{module}.log", "w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", module, "--no-browser", *_address(module, port), *options],
            env=_environment(folder), cwd=folder, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_for(port, server, Path(log.name))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(module, port):
    if module == "voila":
        return ["--Voila.ip=127.0.0.1", f"--port={port}"]
    return ["--ip=127.0.0.1", f"--port={port}", "--allow-root"]


def _environment(folder):
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "RUNTIME", "DATA")}
    lab_ = {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "spaces")}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **own, **lab_, **threads, "IPYTHONDIR": str(folder / "ipython")}


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _wait_for(port, server, log):
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not come up:\n{log.read_text()}")


@contextlib.contextmanager
def page_at(url):
    """An address in Chromium, on a page that lists what it asked for elsewhere and what went wrong."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=_FLAGS)
        context = chromium.new_context(viewport={"width": 1400, "height": 1100})
        page = context.new_page()
        page.set_default_timeout(1000 * _PATIENCE)
        page.elsewhere, page.troubles = [], []
        context.route(lambda address: not address.startswith(_LOCAL), lambda route: _refuse(page, route))
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("console", lambda line: page.troubles.append(line.text) if line.type == "error" else None)
        page.goto(url)
        yield page
        chromium.close()


def _refuse(page, route):
    page.elsewhere.append(route.request.url)
    route.abort()
