"""Pages of suspects: all that was found is on them, as it was given, and nothing of it is taken for markup."""

import base64
import io
import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import itlm_kit
from itlm_kit import InputError
from itlm_kit.examine import page as pages
from itlm_kit.examine import page_columns
from itlm_kit.examine.page import write_page
from itlm_kit.examine.thumbnails import draw_sheets

AWKWARD = ["</script><b>", "$x$ & \\alpha", "quo\"te's", "Übergröße", "猫和狗", "a\u2028b", "{{ 7 * 7 }}", "caf\udce9"]


@pytest.fixture
def suspects():
    """Eight samples, the last of them first, with labels that are not known and scores that are no numbers."""
    return pd.DataFrame(
        {
            "index": np.arange(8)[::-1],
            "kept": np.arange(8) > 2,
            "file": pd.Series([f"class {i}/bild {i} \udce9.png" for i in range(8)], dtype=object),
            "score": [np.inf, 3.14159, 2, 1, 0.5, 0, -np.inf, np.nan],
            "given": [0, 1, 2, 3, 4, 5, 6, 7],
            "likely": pd.Series([7, 6, 5, 4, 3, 2, 1, None], dtype=object),
            "given_name": pd.Series(AWKWARD, dtype=object),
            "likely_name": pd.Series([*AWKWARD[:0:-1], None], dtype=object),
            "why": [f"reason {i} < & >" for i in range(8)],
        }
    )


class Reader(HTMLParser):
    """{id of an element: the text in it}, and all tags, as a browser finds them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.name = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.name = dict(attributes).get("id", tag)
        self.texts.setdefault(self.name, "")

    def handle_data(self, data):
        self.texts[self.name] = self.texts.get(self.name, "") + data


def written(path, *args, **kwargs):
    said = {"title": "a title", "says": "line 1\nline 2", **kwargs}
    return write_page(path / "page.html", *args, **said).read_text(encoding="utf-8")


def fields_of(page):
    return json.loads(Reader(page).texts["data"])["fields"]


def tile(sheets, i):
    """The pixels (height, width, c) of the i-th sample, cut out of its sheet as the page's styles do."""
    url, at = sheets.urls[i // sheets.across**2], i % sheets.across**2
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))
    across, down = sheets.pitch
    left = at % sheets.across * across + sheets.edge
    top = at // sheets.across * down + sheets.edge
    return picture[top : top + sheets.height, left : left + sheets.width]


def test_every_sample_is_there_once_in_the_order_of_the_list(suspects, tmp_path):
    fields = fields_of(written(tmp_path, suspects))
    assert fields["rank"] == [str(i) for i in range(1, 9)]
    assert fields["index"] == [str(i) for i in range(7, -1, -1)]
    assert fields["verdict"] == ["suspect"] * 3 + ["kept"] * 5
    assert fields["score"] == ["inf", "3.14", "2", "1", "0.5", "0", "-inf", ""]
    assert fields["why"] == suspects["why"].tolist()


def test_awkward_names_arrive_and_are_not_taken_for_markup(suspects, tmp_path):
    looks = suspects[["given_name"]].set_index(suspects["index"]).sort_index()
    page = written(tmp_path, suspects, title="</title><b>\udce9", says="<b>a & b</b>", looks=looks)
    fields, plain = fields_of(page), [*AWKWARD[:-1], "caf\\xe9"]
    assert fields["given"] == fields["cell0"] == plain and fields["likely"] == [*plain[:0:-1], ""]
    assert fields["file"][3] == "class 3/bild 3 \\xe9.png"
    assert "b" not in Reader(page).tags and Reader(page).tags.count("script") == 2
    assert (
        Reader(page).texts["title"].strip() == "</title><b>\\xe9: suspects"
        and "<b>a & b</b>" in Reader(page).texts["p"]
    )


def test_labels_without_names_and_lists_without_labels(suspects, tmp_path):
    bare = suspects.drop(columns=["given_name", "likely_name", "file"])
    assert fields_of(written(tmp_path, bare))["given"] == list("01234567")
    few = bare[["index", "kept", "score", "why"]]
    page = written(tmp_path / "few", few)
    assert fields_of(page).keys() == {"rank", "verdict", "index", "score", "why"}
    assert not {"given", "likely"} & Reader(page).texts.keys()


@pytest.mark.parametrize(("n", "is_offered"), [(1_000, True), (1_001, False)])
def test_classes_can_be_chosen_and_a_targets_many_numbers_cannot(tmp_path, n, is_offered):
    numbers = np.arange(n)
    suspects = pd.DataFrame({"index": numbers, "kept": True, "score": 0.0, "given": numbers / 8, "why": ""})
    assert ("given" in Reader(written(tmp_path, suspects)).texts) == is_offered


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 10, 6), (1, 1, 1)])
def test_each_sample_has_its_own_picture(shape):
    """230 pictures on three sheets, told apart by their level; where JPEG is smaller it is near."""
    images = np.broadcast_to(np.arange(230, dtype=np.uint8)[:, None, None, None], (230, *shape))
    sheets = draw_sheets(images)
    assert len(sheets.urls) == 3 and (sheets.height, sheets.width) == shape[1:]
    for i in range(230):
        np.testing.assert_allclose(tile(sheets, i), i, atol=6)


def test_small_grey_pictures_lose_nothing():
    images = np.random.default_rng(0).choice([0, 255], (7, 1, 8, 8), p=[0.8, 0.2]).astype(np.uint8)
    sheets = draw_sheets(images)
    assert all((tile(sheets, i) == images[i, 0]).all() for i in range(7))
    assert sheets.zoom == 12 and "image/png" in sheets.urls[0]


def test_colours_keep_their_places_and_large_pictures_are_shrunk():
    images = np.zeros((2, 3, 200, 400), np.uint8)
    images[0, 0], images[1, 2] = 250, 250  # red, blue
    sheets = draw_sheets(images)
    assert (sheets.height, sheets.width, sheets.zoom) == (48, 96, 1)
    for i, colour in enumerate([(250, 0, 0), (0, 0, 250)]):
        np.testing.assert_allclose(tile(sheets, i).reshape(-1, 3), [colour] * 48 * 96, atol=6)


def test_a_tile_repeats_its_border_where_it_meets_its_neighbours():
    images = np.random.default_rng(0).integers(0, 4, (5, 1, 3, 4), dtype=np.uint8) * 60
    (url,) = draw_sheets(images).urls
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))
    assert sheet.shape == (5, 60)
    np.testing.assert_array_equal(sheet[:, 6:12], np.pad(images[1, 0], 1, mode="edge"))


def test_pictures_come_in_the_order_of_the_list(suspects, tmp_path):
    images = np.broadcast_to(np.arange(8, dtype=np.uint8)[:, None, None, None] * 30, (8, 1, 4, 4))
    page = written(tmp_path, suspects, looks=images)
    (url,) = re.findall(r'\.sheet\d+ { background-image: url\("(.*)"\); }', page)
    sheets = draw_sheets(images)._replace(urls=[url])
    assert [int(tile(sheets, i).mean()) for i in range(8)] == [30 * int(i) for i in fields_of(page)["index"]]


def test_rows_come_in_the_order_of_the_list_with_their_texts(suspects, tmp_path):
    table = pd.DataFrame(
        {
            "x": [0.1 + 0.2, 1, np.nan, 4, 5, 6, 1234567, 1e-12],
            "n": range(8),
            "when": pd.date_range("2024-01-01", periods=8),
            "text": ["", None, "<i>", "é", "a\nb", "y" * 5_000, "猫", "z"],
        },
        index=list("hgfedcba"),
    ).set_axis(["x", "x", "when <b>", ("a", 1)], axis=1)
    page = written(tmp_path, suspects, looks=table)
    fields = fields_of(page)
    assert fields["cell0"] == ["1e-12", "1234567", "6", "5", "4", "", "1", "0.3"]
    assert fields["cell1"] == [str(i) for i in range(7, -1, -1)]
    assert fields["cell2"][0] == "2024-01-08 00:00:00"
    assert fields["cell3"][3:] == ["a\nb", "é", "<i>", "", ""] and fields["cell3"][2].endswith("y… (5,000 characters)")
    assert [name in Reader(page).texts["th"] for name in ("when <b>", "('a', 1)")] == [True, True]


def test_too_many_samples_and_columns_are_left_out_and_said(suspects, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "_MOST", 4)
    suspects["kept"] = [True, False, True, True, False, True, True, False]
    wide = pd.DataFrame(np.zeros((8, page_columns.MOST_COLUMNS + 2)))
    page = written(tmp_path, suspects, looks=wide)
    assert fields_of(page)["rank"] == ["1", "2", "5", "8"]
    assert "4 of 8 samples, suspects first" in page and "the first 40 of 42 columns" in page
    assert sum(name.startswith("cell") for name in fields_of(page)) == 40


def test_the_same_list_gives_the_same_page_and_another_one_another_memory(suspects, tmp_path):
    same, again = (written(tmp_path / name, suspects) for name in "ab")
    other = written(tmp_path / "c", suspects.assign(score=1.0))
    assert same == again
    assert json.loads(Reader(same).texts["data"])["id"] != json.loads(Reader(other).texts["data"])["id"]


def test_what_is_not_python_is_packed_with_the_kit():
    package = Path(itlm_kit.__file__).parent
    packed = tomllib.loads((package.parent / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    found = {file for pattern in packed["itlm_kit"] for file in package.glob(pattern)}
    others = {file for file in package.rglob("*.*") if file.suffix not in (".py", ".pyc")}
    assert others == found != set()


def test_nothing_is_overwritten(suspects, tmp_path):
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(InputError, match="path must be new, so that nothing is overwritten.*Name another"):
        written(tmp_path, suspects)
    assert (tmp_path / "page.html").read_text() == "mine"


@pytest.mark.parametrize(
    "looks",
    [
        np.zeros((7, 1, 4, 4), np.uint8), np.zeros((8, 1, 4, 4)), np.zeros((8, 2, 4, 4), np.uint8),
        np.zeros((8, 4, 4), np.uint8), pd.DataFrame({"x": range(9)}), [1] * 8,
    ],
    ids=["fewer", "not bytes", "two channels", "no channels", "more rows", "a list"],
)  # fmt: skip
def test_looks_of_another_kind_or_number_are_refused(suspects, tmp_path, looks):
    with pytest.raises(InputError, match="looks must be NumPy images uint8 .* one look for each of the 8 samples; got"):
        written(tmp_path, suspects, looks=looks)
    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_written_says_so(suspects, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="folder that can be written"):
        written(tmp_path / "file", suspects)
