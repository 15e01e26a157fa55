import itertools
import re

import pytest

from itlm_kit import InputError
from itlm_kit.plugins import collected

numbers = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that writes a package with the given files {name: source} and returns its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**files):
        name = f"planted_package_{next(numbers)}"  # another each time: what is imported once stays so
        (tmp_path / name).mkdir()
        for file, source in {"__init__": "", **files}.items():
            (tmp_path / name / f"{file}.py").write_text(source)
        return name

    return write


def test_dicts_of_all_files_are_merged_by_file(package):
    name = package(second="KINDS = {'b': min, 'c': sum}", first="KINDS = {'d': max}\nOTHER = {'e': len}")
    assert list(collected(name, "KINDS").items()) == [("d", max), ("b", min), ("c", sum)]
    assert collected(name, "OTHER") == {"e": len}
    assert collected(name, "NOBODYS") == {}


def test_files_without_the_dict_and_private_ones_are_passed_over(package):
    name = package(helpers="PI = 3", _private="raise RuntimeError('imported')", own="KINDS = {'a': abs}")
    assert collected(name, "KINDS") == {"a": abs}


def test_a_package_can_collect_its_own_files(package):
    name = package(
        __init__="from itlm_kit.plugins import collected\nKINDS = collected(__name__, 'KINDS')",
        own="KINDS = {'a': abs}",
    )
    assert collected(name, "KINDS") == __import__(name).KINDS == {"a": abs}


def test_a_sub_package_counts_as_a_file(package, tmp_path):
    name = package()
    (tmp_path / name / "deep").mkdir()
    (tmp_path / name / "deep" / "__init__.py").write_text("KINDS = {'a': abs}")
    assert collected(name, "KINDS") == {"a": abs}


def test_what_was_collected_can_be_changed_without_harm(package):
    name = package(own="KINDS = {'a': abs}")
    collected(name, "KINDS").clear()
    assert collected(name, "KINDS") == {"a": abs}


def test_one_name_in_two_files_is_an_error_that_names_both(package, tmp_path):
    name = package(first="KINDS = {'a': abs}", second="KINDS = {'a': max}")
    first, second = (re.escape(str(tmp_path / name / file)) for file in ("first.py", "second.py"))
    with pytest.raises(InputError, match=f"each name in KINDS must be given once; got 'a' in {first} and in {second}"):
        collected(name, "KINDS")


def test_anything_but_a_dict_is_told(package, tmp_path):
    name = package(own="KINDS = abs")
    file = re.escape(str(tmp_path / name / "own.py"))
    with pytest.raises(InputError, match=f"KINDS must be a dict .* got builtin_function_or_method in {file}"):
        collected(name, "KINDS")


def test_a_file_that_cannot_be_imported_is_not_passed_over(package):
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        collected(package(own="import no_such_library"), "KINDS")
