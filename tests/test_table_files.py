"""Tables in text files as spreadsheets write them."""

import pytest

from itlm_kit import InputError
from itlm_kit.data.table_files import read_as_written, read_table


@pytest.fixture
def file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_any_usual_separator(file, separator, encoding):
    frame = read_table(file(f"größe{separator}label\n1.5{separator}a\n2.5{separator}b\n", encoding))
    assert frame.to_dict("list") == {"größe": [1.5, 2.5], "label": ["a", "b"]}


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_comma_may_be_the_decimal_point(file, separator):
    frame = read_table(file(f"x{separator}y\n1,5{separator}2\n-0,25{separator}3\n"))
    assert frame["x"].tolist() == [1.5, -0.25]


def test_a_point_stays_the_decimal_point(file):
    assert read_table(file("x;text\n1.5;a,b\n2.5;c\n")).to_dict("list") == {"x": [1.5, 2.5], "text": ["a,b", "c"]}


def test_names_in_quotes_may_hold_separators(file):
    assert read_table(file('"a;b;c",y\n1,2\n')).columns.tolist() == ["a;b;c", "y"]


def test_what_stands_there_is_kept_as_text(file):
    frame, written = read_as_written(file("x;x;\n007;1,50;\nNA;;\n"))
    assert frame.columns.tolist() == ["x", "x", ""]
    assert frame.to_numpy().tolist() == [["007", "1,50", ""], ["NA", "", ""]]
    assert written == {"sep": ";", "encoding": "utf-8"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "line of names"), ("x,y\n", "rows below its line"), ("x,y\n1,2\n1,2,3\n", "rows as long")],
)
def test_what_is_no_table_is_told(file, text, words):
    with pytest.raises(InputError, match=words):
        read_table(file(text))


def test_another_encoding_is_told_with_the_remedy(file):
    with pytest.raises(InputError, match="UTF-8.*Save it as CSV, UTF-8"):
        read_table(file("größe,y\n1,2\n", "latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        read_table(file("x,y\n" + "1,2\n" * 50_000 + "ö,2\n", "latin-1"))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="nothing.csv is not there"):
        read_table(tmp_path / "nothing.csv")
