"""A page of suspects in a real browser, opened as a file: what is shown, found, checked, taken away and kept."""

import csv

import driving
import numpy as np
import pandas as pd
import pytest
from test_explorers_in_browser import MISSING

from itlm_kit.examine.page import write_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
]
N = 600
NAMES = np.array(["</script>cat", "$dog$ & <i>", "猫"], object)
# The level of one pixel, one from the left and one from the top, of each picture as it is drawn.
LEVELS = """async () => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true }), levels = []
  for (const picture of [...document.querySelectorAll('.picture')].slice(0, 130)) {
    const style = getComputedStyle(picture), sheet = new Image()
    sheet.src = style.backgroundImage.slice(5, -2)
    await sheet.decode()
    const zoom = parseFloat(style.backgroundSize) / sheet.width
    const [left, top] = style.backgroundPosition.split(' ').map(at => -parseFloat(at) / zoom)
    context.drawImage(sheet, left + 1, top + 1, 1, 1, 0, 0, 1, 1)
    levels.push(context.getImageData(0, 0, 1, 1).data[0])
  }
  return levels
}"""


@pytest.fixture
def suspects():
    """600 samples, the last of them first, the first 250 of the list suspects."""
    index = np.arange(N)[::-1]
    return pd.DataFrame(
        {
            "index": index,
            "kept": np.arange(N) >= 250,
            "file": [f"{i % 3}/bild {i}, ü.png" for i in index],
            "score": np.linspace(9, 0, N),
            "given": NAMES[index % 3],
            "likely": pd.Series([None, *NAMES[(index[1:] + 1 + index[1:] // 300) % 3]], dtype=object),
            "why": [f"reason {i}" for i in index],
        }
    )


def shown(page):
    return page.locator(".sample").count(), page.locator("#count").inner_text()


def test_pictures_are_shown_filtered_and_counted(suspects, tmp_path):
    levels = (np.arange(N) % 8 * 30).astype(np.uint8)
    images = np.full((N, 1, 8, 8), 255, np.uint8)
    images[:, 0, 1, 1] = levels
    path = write_page(tmp_path / "ünï #1.html", suspects, title="pictures", says="says", looks=images)
    with driving.page_at(path.as_uri()) as page:
        assert shown(page) == (240, "250 of 600 samples shown, 250 of them suspects")
        assert page.evaluate(LEVELS) == levels[suspects["index"][:130]].tolist()
        page.get_by_role("button", name="next").press("Enter")
        assert page.locator("#place").inner_text() == "241 to 250 of 250"

        page.get_by_label("show").select_option("all samples")
        page.get_by_label("given").select_option(NAMES[0])
        assert shown(page) == (200, "200 of 600 samples shown, 83 of them suspects")
        page.get_by_label("likely").select_option(NAMES[2])
        assert shown(page) == (100, "100 of 600 samples shown, 83 of them suspects")
        page.get_by_label("search").fill("REASON 59")
        assert shown(page) == (3, "3 of 600 samples shown, 3 of them suspects")
        assert page.evaluate(LEVELS) == levels[[597, 594, 591]].tolist()
        page.get_by_label("likely").select_option(NAMES[0])
        assert shown(page) == (0, "0 of 600 samples shown, 0 of them suspects")
        assert (page.troubles, page.elsewhere) == ([], [])


def test_what_is_not_known_can_be_asked_for(suspects, tmp_path):
    path = write_page(tmp_path / "page.html", suspects, title="a list", says="")
    with driving.page_at(path.as_uri()) as page:
        assert page.locator("#likely option").all_text_contents()[:2] == ["any", "—"]
        page.get_by_label("likely").select_option("—")
        assert shown(page) == (1, "1 of 600 samples shown, 1 of them suspects")
        assert "599" in page.locator(".sample").inner_text()
        assert (page.troubles, page.elsewhere) == ([], [])


def test_checks_are_kept_and_saved_and_a_file_is_copied(suspects, tmp_path):
    table = pd.DataFrame({"size <b>": np.arange(N), "text": ["<i>long</i> " * 20] * N})
    path = write_page(tmp_path / "page.html", suspects, title="a table", says="", looks=table)
    with driving.page_at(path.as_uri()) as page:
        assert shown(page)[0] == 100 and page.locator(".sample b, .sample i").count() == 0
        for sample, word in ((0, "wrong"), (1, "right"), (2, "right"), (2, "right")):  # twice: taken back
            page.locator(".sample").nth(sample).get_by_role("button", name=word).press("Space")
        page.reload()
        page.locator("#show").select_option("checked by you")
        assert shown(page) == (2, "2 of 600 samples shown, 2 of them suspects")
        with page.expect_download() as download:
            page.get_by_role("button", name="save checks (2)").click()
        download.value.save_as(tmp_path / "checked.csv")
        page.get_by_role("button", name="2/bild 599, ü.png").click()
        page.get_by_role("status").filter(has_text="2/bild 599, ü.png").wait_for()
        assert (page.troubles, page.elsewhere) == ([], [])
    with open(tmp_path / "checked.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [tuple(row.values()) for row in rows] == [
        ("599", "2/bild 599, ü.png", NAMES[2], "", "wrong"),
        ("598", "1/bild 598, ü.png", NAMES[1], NAMES[0], "right"),
    ]


def test_a_phone_shows_all_without_moving_sideways(suspects, tmp_path):
    images = np.zeros((N, 3, 70, 90), np.uint8)
    for name, looks in {"pictures": images, "list": None}.items():
        path = write_page(tmp_path / f"{name}.html", suspects, title="word " * 30, says="W" * 200, looks=looks)
        with driving.page_at(path.as_uri()) as page:
            page.set_viewport_size({"width": 360, "height": 640})
            assert page.evaluate("document.documentElement.scrollWidth") == 360
