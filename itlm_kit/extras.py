"""Packages that the core does without, by the extra of the kit that installs them."""

from importlib.util import find_spec

from itlm_kit.errors import InputError

EXTRAS = {  # {extra: the names under which its packages are imported}
    "pages": ("PIL", "jinja2", "matplotlib", "tqdm"),
    "vision": ("torch", "torchvision"),
    "notebooks": (
        "IPython", "anywidget", "filelock", "ipykernel", "ipywidgets", "jupyter_client", "jupyterlab", "latex2mathml",
        "nbclient", "nbconvert", "nbformat", "papermill", "plotly", "psutil", "traitlets", "voila",
    ),
    "peers": ("cleanlab", "statsmodels"),
    "cluster": ("dask_jobqueue", "distributed"),
    "book": ("furo", "myst_nb", "sphinx", "sphinx_codeautolink"),
}  # fmt: skip
_EXTRA_OF = {package: extra for extra, packages in EXTRAS.items() for package in packages}


class MissingExtra(InputError, ImportError):
    """A package is needed that is not installed; the message names the extra that brings it."""


def installed(package: str) -> bool:
    """Whether a package is there to be imported."""
    return find_spec(package) is not None


def needs(*packages: str) -> None:
    """Raise MissingExtra, before any work, for the first of these packages that is not installed."""
    for package in packages:
        if not installed(package):
            raise _missing(package)


def told(error: ModuleNotFoundError) -> MissingExtra:
    """A failed import as a MissingExtra; raises it as it is where no extra brings the package."""
    package = (error.name or "").partition(".")[0]
    if package not in _EXTRA_OF:
        raise error
    return _missing(package)


def remedy(package: str) -> str:
    """The command that installs a package of an extra."""
    return f'pip install "itlm_kit[{_EXTRA_OF[package]}]"'


def _missing(package):
    return MissingExtra(f"this needs {package}, which is not installed. Run: {remedy(package)}")
