"""Parts of the kit that are files of a package: a new file is found, so that no list has to name it."""

from importlib import import_module
from pkgutil import iter_modules

from itlm_kit.errors import InputError


def collected(package_name: str, attribute: str) -> dict:
    """Merge the dicts {name: callable} that the modules of a package define as `attribute`, by file in alphabet.

    All modules are imported but those whose name starts with "_"; one without the attribute adds nothing. Raises
    InputError when it is no dict, or when two modules give the same name.
    """
    found, files = {}, {}
    for module in _modules(package_name):
        given = getattr(module, attribute, {})
        if not isinstance(given, dict):
            raise InputError(
                f"{attribute} must be a dict {{name: callable}}; got {type(given).__name__} in {module.__file__}."
            )
        for name, value in given.items():
            if name in found:
                raise InputError(
                    f"each name in {attribute} must be given once; got {name!r} in {files[name]} and in "
                    f"{module.__file__}. Rename one of them."
                )
            found[name], files[name] = value, module.__file__
    return found


def _modules(package_name):
    names = sorted(module.name for module in iter_modules(import_module(package_name).__path__))
    return (import_module(f"{package_name}.{name}") for name in names if not name.startswith("_"))
