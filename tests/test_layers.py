"""The kit's architecture: what may import what, and that the loop is the one place where trimming is iterated."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import itlm_kit

PACKAGE = Path(itlm_kit.__file__).parent
# A module may import its own layer and those above it in this list; the first is open to all.
LAYERS = [
    {"errors", "extras", "files", "machine", "names", "pages", "plugins", "progress"},
    {"classes", "trimming", "loop", "trajectories", "choosing"},
    {"glm", "vision", "data", "defences"},
    {"examine", "experiments"},
    {"ledger"},
    {"chapters"},
    {"plots", "explorers"},
]  # everything else (course, runner, cli, ...) is the last layer
NO_IMPORTS_OF = {  # what lies in a layer above, and yet must not know it
    "experiments": {"data", "defences", "vision", "glm", "trajectories"},  # knows no paper, and no problem either
    "plots": {"machine", "experiments", "ledger", "chapters"},
    "machine": {"files", "plugins"},
    "runner": {"experiments", "ledger", "chapters"},
}
DRAWING = {"matplotlib", "plotly", "ipywidgets", "anywidget", "IPython", "seaborn"}
SOURCES = {path.relative_to(PACKAGE.parent): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}


def part(path):
    """The part of the kit a file belongs to: "glm" for itlm_kit/glm/path.py, "loop" for itlm_kit/loop.py."""
    return Path(path.parts[1]).stem


def layer(name):
    return next((i for i, names in enumerate(LAYERS) if name in names), len(LAYERS))


def imports(tree):
    """Dotted names of all that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


every_source = pytest.mark.parametrize("path", [p for p in SOURCES if part(p) != "__init__"], ids=str)


@every_source
def test_arrows_point_one_way(path):
    own = {name.split(".")[1] for name in imports(SOURCES[path]) if name.startswith("itlm_kit.")}
    used = own - {Path(child).stem for child in itlm_kit.__all__} - {"__version__"}
    assert not {name for name in used if layer(name) > layer(part(path))}


@every_source
def test_what_must_not_be_known_is_not(path):
    used = {name.split(".")[1] for name in imports(SOURCES[path]) if name.startswith("itlm_kit.")}
    assert not used & NO_IMPORTS_OF.get(part(path), set())


def chapter(name):
    """The chapter that a dotted name belongs to: "labels" for itlm_kit.chapters.labels.mnist, else None."""
    parts = name.split(".")
    is_in_one = parts[:2] == ["itlm_kit", "chapters"] and len(parts) > 2 and (PACKAGE / "chapters" / parts[2]).is_dir()
    return parts[2] if is_in_one else None


def test_no_chapter_imports_another():
    chapters = [path for path in SOURCES if path.parts[1] == "chapters" and len(path.parts) == 4]
    assert len({path.parts[2] for path in chapters}) == 4
    for path in chapters:
        others = {chapter(name) for name in imports(SOURCES[path])} - {None, path.parts[2]}
        assert not others, path


def test_no_circle_of_imports():
    """Modules in an order in which each comes after those that it imports as it is loaded."""
    from graphlib import TopologicalSorter

    dotted = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}
    graph = {}
    for name, path in dotted.items():
        top = ast.Module([node for node in SOURCES[path].body if not isinstance(node, ast.FunctionDef)], [])
        graph[name] = {used for used in imports(top) if used in dotted and used != name}
        if path.name == "__init__.py":  # a package gathers its own modules, which may name it: Python allows that
            graph[name] = {used for used in graph[name] if not used.startswith(f"{name}.")}
    assert len(list(TopologicalSorter(graph).static_order())) == len(dotted)


@every_source
def test_what_computes_does_not_draw(path):
    if layer(part(path)) <= layer("chapters"):
        assert not DRAWING & {name.split(".")[0] for name in imports(SOURCES[path])}


def iterates_trimming(tree):
    """Whether a loop trims by something that it computes anew from what it kept: that is what `itlm_rounds` is for."""
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While))
    return any(carries_over(loop, call) for loop in loops for call in calls_of_trim(loop))


def calls_of_trim(loop):
    calls = (node for node in ast.walk(loop) if isinstance(node, ast.Call))
    trimming = {"trim", "trim_groups"}
    return (call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) in trimming)


def carries_over(loop, call):
    """Whether a name read up to the call is assigned after it, for the next turn of the loop."""
    names = [node for node in ast.walk(loop) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load) and node.lineno <= call.lineno}
    assigned = {node.id for node in names if isinstance(node.ctx, ast.Store) and node.lineno > call.lineno}
    return bool(read & assigned)


def test_the_loop_alone_iterates_trimming():
    iterating = {path.as_posix() for path, tree in SOURCES.items() if iterates_trimming(tree)}
    assert iterating == {"itlm_kit/loop.py"}


def modules_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_kit_is_light():
    heavy = {"torch", "torchvision", "pandas", "scipy", "sklearn", "papermill", *DRAWING}
    assert not heavy & modules_after("import itlm_kit")


@pytest.mark.parametrize("name", ["glm", "course", "trajectories", "loop", "cli"])
def test_torch_is_left_alone_where_it_is_not_needed(name):
    assert "torch" not in modules_after(f"import itlm_kit.{name}")


def test_fitting_a_line_never_imports_torch():
    fit = "data = glm.draw('random', n=50, d=3); glm.clear_path(data.x, data.y, alpha=.7, rounds=3)"
    assert "torch" not in modules_after(f"from itlm_kit import glm; {fit}")


@pytest.mark.parametrize("name", itlm_kit.__all__)
def test_public_names_can_be_imported(name):
    assert getattr(itlm_kit, name).__module__.startswith("itlm_kit.")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trimm'"):
        itlm_kit.trimm  # noqa: B018


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_every_module_can_be_imported_and_says_what_it_is(path):
    assert ast.get_docstring(SOURCES[path]) or not SOURCES[path].body
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
