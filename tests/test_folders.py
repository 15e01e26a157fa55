"""Folders of images as people have them: deep, see-through, turned, linked, hidden, broken, strangely named."""

import os
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps
from silence import no_warnings

from itlm_kit import InputError, data
from itlm_kit.data import PassedOver
from itlm_kit.data.pictures import Picture, to_bytes

RED, BLACK = (255, 0, 0), (0, 0, 0)


@pytest.fixture(autouse=True)
def _warnings_are_told():
    """A file passed over is an error unless a test expects it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PassedOver)
        yield


def save_image(path, size=(12, 10), colour=(200, 100, 50), **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **how)
    return path


def save_array(path, values, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(values))
    (image if mode is None else image.convert(mode)).save(path)


def grey(path, **how):
    """The one channel of the images in a folder of one class, (n, h, w); all three are alike."""
    x = data.load_folder(path, **how).x
    assert x.dtype == np.uint8 and (x == x[:, :1]).all()
    return x[:, 0]


# --- which files are images ---


def test_a_folder_of_class_folders(tmp_path):
    for name, red in (("b/1.png", 10), ("a/1.png", 20), ("a/0.png", 30)):
        save_image(tmp_path / name, colour=(red, 0, 0))
    got = data.load_folder(tmp_path)
    assert got.x.shape == (3, 3, 10, 12) and got.x[:, 0, 0, 0].tolist() == [30, 20, 10]
    assert got.y.tolist() == [0, 0, 1] and got.classes == 2 and got.source.endswith(", 3 images")
    assert got.names == ("a", "b") and got.files == tuple(data.image_files(tmp_path)[0])


def test_files_are_listed_as_they_are_loaded(tmp_path):
    for name in ("cat/b.PNG", "cat/more/a.png", "ant/z.jpg", ".hidden/c.png"):
        save_image(tmp_path / name)
    files, labels, names = data.image_files(tmp_path)
    assert [file.name for file in files] == ["z.jpg", "b.PNG", "a.png"]
    assert labels == data.load_folder(tmp_path).y.tolist() == [0, 1, 1] and names == ["ant", "cat"]
    (tmp_path / "dog").mkdir()
    with pytest.raises(InputError, match="dog holds none"):
        data.image_files(tmp_path)


def test_reading_folders_needs_no_torchvision(tmp_path):
    save_image(tmp_path / "a/1.png")
    code = f"""import sys; from itlm_kit import data
data.load_folder({str(tmp_path)!r}); print('torchvision' in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_a_flat_folder_cut_to_its_central_square(tmp_path):
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 8:22] = 255
    save_array(tmp_path / "1.png", picture)
    (tmp_path / "notes.txt").write_text("no image")
    save_image(tmp_path / "deeper/2.png")
    with pytest.warns(PassedOver, match="2 files passed over .*: unknown to Pillow are notes.txt; sub-folders are d"):
        got = data.load_folder(tmp_path, size=5, labelled=False)
    assert got.x.shape == (1, 3, 5, 5) and (got.x == 255).all() and got.classes == 1


@pytest.mark.parametrize("name", ["1.JPG", "2.avif", "3.jp2", "4.jfif", "5.jpe", "6", "7.scan", "8.webp", "9.tar.bmp"])
def test_what_pillow_opens_is_read_whatever_its_name(tmp_path, name):
    save_image(tmp_path / "a/0.png", colour=RED)
    kind = {"6": "png", "7.scan": "tiff", "4.jfif": "jpeg", "5.jpe": "jpeg"}.get(name)
    save_image(tmp_path / "a" / name, colour=RED, format=kind)
    got = data.load_folder(tmp_path)
    assert len(got.x) == 2 and np.abs(got.x[1].astype(int) - got.x[0]).max() < 12


def test_what_is_no_image_is_passed_over_by_name(tmp_path):
    save_image(tmp_path / "a/0.png")
    for name, content in (
        ("a/notes.txt", b"words"),
        ("a/x.heic", b"\0\0\0\x18ftypheic"),
        ("a/w.h5", b"\x89HDF\r\n\x1a\n"),
    ):
        (tmp_path / name).write_bytes(content)
    save_image(tmp_path / "stray.png")
    (tmp_path / "README").write_text("of the folder, not of a class")
    with pytest.warns(PassedOver) as told:
        assert len(data.load_folder(tmp_path).x) == 1
    assert str(told[0].message) == (
        f"4 files passed over in {tmp_path}: unknown to Pillow are a/notes.txt, a/w.h5, a/x.heic; "
        "in no class folder lie stray.png."
    )
    assert told[0].filename == __file__


def test_many_files_passed_over_are_counted(tmp_path):
    save_image(tmp_path / "a/0.png")
    for i in range(30):
        (tmp_path / f"a/{i:02d}.txt").write_text("words")
    with pytest.warns(
        PassedOver, match="30 files passed .* a/00.txt, a/01.txt, a/02.txt, a/03.txt, a/04.txt and 25 more"
    ):
        data.image_files(tmp_path)


def test_what_is_hidden_is_left_out_at_any_depth(tmp_path):
    root = tmp_path / ".cache/set"  # what lies around the folder does not count
    save_image(root / "a/0.png")
    for name in ("a/.ipynb_checkpoints/0-checkpoint.png", "a/.DS_Store/1.png", "__MACOSX/a/2.png", ".git/3.png"):
        save_image(root / name)
    for name in ("a/._0.png", "a/.DS_Store/x", "a/deep/.more/4.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0\5\x16\7")
    assert data.image_files(root)[0] == [root / "a/0.png"] and len(data.load_folder(root).x) == 1
    with pytest.warns(PassedOver, match="1 file passed over .*: sub-folders are deep"):
        assert len(data.load_folder(root / "a", labelled=False).x) == 1


# --- links ---


def test_links_are_followed(tmp_path):
    save_image(tmp_path / "set/a/0.png")
    for name in ("else/1.png", "else/more/2.png", "single.png"):
        save_image(tmp_path / name)
    (tmp_path / "set/a/linked").symlink_to(tmp_path / "else")
    (tmp_path / "set/a/3.png").symlink_to(tmp_path / "single.png")
    (tmp_path / "set/b").symlink_to(tmp_path / "set2", target_is_directory=True)
    save_image(tmp_path / "set2/4.png")
    files, labels, names = data.image_files(tmp_path / "set")
    assert [str(file.relative_to(tmp_path / "set")) for file in files] == [
        "a/0.png", "a/3.png", "a/linked/1.png", "a/linked/more/2.png", "b/4.png",
    ]  # fmt: skip
    assert labels == [0, 0, 0, 0, 1] and names == ["a", "b"]


@pytest.mark.parametrize("target", [".", "a", "..", "b", "a/loop"])
def test_links_back_end_and_show_nothing_twice(tmp_path, target):
    for name in ("a/0.png", "b/1.png"):
        save_image(tmp_path / name)
    (tmp_path / "a/loop").symlink_to(tmp_path / target)
    if target == "..":
        (tmp_path / "a/loop").unlink()
        (tmp_path / "a/loop").symlink_to(tmp_path / "a/more/..")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PassedOver)
        files, labels, _ = data.image_files(tmp_path)
    assert files == [tmp_path / "a/0.png", tmp_path / "b/1.png"] and labels == [0, 1]


def test_a_picture_that_is_linked_stays_in_its_own_folder_and_the_link_is_told(tmp_path):
    save_image(tmp_path / "b/0.png")
    save_image(tmp_path / "a/1.png")
    (tmp_path / "a/0.png").symlink_to("../b/0.png")
    (tmp_path / "a/2.png").symlink_to("../a/1.png")
    with pytest.warns(PassedOver, match="2 files passed over .*: shown again by links are a/0.png, a/2.png"):
        files, labels, _ = data.image_files(tmp_path)
    assert files == [tmp_path / "a/1.png", tmp_path / "b/0.png"] and labels == [0, 1]


def test_a_folder_reached_through_a_link_is_a_folder(tmp_path):
    save_image(tmp_path / "real/a/0.png")
    (tmp_path / "short").symlink_to(tmp_path / "real")
    (tmp_path / "real/a/1.png").symlink_to("0.png")
    with pytest.warns(PassedOver, match="by links are a/1.png"):
        assert data.image_files(tmp_path / "short")[0] == [tmp_path / "short/a/0.png"]


def test_a_link_to_nothing_is_a_broken_image(tmp_path):
    save_image(tmp_path / "a/0.png")
    (tmp_path / "a/1.png").symlink_to("gone.png")
    with pytest.raises(InputError, match=r"1 of 2 cannot be read: .*a/1.png \(there is no such file\)"):
        data.load_folder(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    save_image(tmp_path / "a/0.png")
    os.mkfifo(tmp_path / "a/pipe")
    with pytest.warns(PassedOver, match="unknown to Pillow are a/pipe"):
        assert len(data.load_folder(tmp_path).x) == 1
    os.mkfifo(tmp_path / "a/pipe.png")
    for size in (None, "auto"):
        with pytest.raises(InputError, match=r"pipe.png \(it is no file\)"):
            data.load_folder(tmp_path, size=size)


# --- what lies around the classes ---


@pytest.mark.parametrize("parts", [["train", "val"], ["Train", "Test"], ["train"], ["valid", "test", "training"]])
def test_parts_of_a_set_are_not_taken_for_classes(tmp_path, parts):
    for part in parts:
        for name in ("cat", "dog"):
            save_image(tmp_path / part / name / "0.png")
    first = sorted(parts)[0]
    with pytest.raises(
        InputError, match=f"it holds {', '.join(sorted(parts))}, with the classes in it. Load .*{first}"
    ):
        data.image_files(tmp_path)
    assert data.load_folder(tmp_path / parts[0]).names == ("cat", "dog")


def test_a_single_folder_around_the_classes_is_told(tmp_path):
    for name in ("cat", "dog"):
        save_image(tmp_path / "my set" / name / "0.png")
    with pytest.raises(InputError, match="it holds my set, with the classes in it. Load .*/my set"):
        data.load_folder(tmp_path)


def test_classes_may_be_called_train_and_hold_folders(tmp_path):
    for name in ("train/0.png", "bus/2021/1.png", "bus/2022/2.png"):
        save_image(tmp_path / name)
    assert data.image_files(tmp_path)[1:] == ([0, 0, 1], ["bus", "train"])


def test_a_class_whose_images_are_links_to_another_class_is_empty(tmp_path):
    save_image(tmp_path / "a/0.png")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/0.png").symlink_to("../a/0.png")
    with pytest.raises(InputError, match="b holds none. 1 file passed over .*: shown again by links are b/0.png"):
        data.image_files(tmp_path)


def test_folders_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(InputError, match="must hold one folder of images per class; it has no sub-folders"):
        data.load_folder(tmp_path)
    with pytest.raises(InputError, match="must hold one folder of images per class; it is not there"):
        data.load_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="must be a folder that holds images"):
        data.load_folder(tmp_path, labelled=False)
    with pytest.raises(InputError, match="path must be the name of a file or folder; got 3"):
        data.load_folder(3)
    save_image(tmp_path / "1.png")
    save_image(tmp_path / "2.png", size=(9, 9))
    with pytest.raises(InputError, match="2.png and .*1.png have 9x9 and 12x10. Pass size"):
        data.load_folder(tmp_path, labelled=False)


# --- broken files ---


def spoilt_folder(root):
    for name in ("a/0.png", "a/1.png", "b/2.png", "b/3.jpg", "b/4.png"):
        save_image(root / name)
    os.truncate(root / "a/1.png", 50)
    (root / "b/3.jpg").write_text("words")
    (root / "b/4.png").write_bytes(b"")
    return root


def test_broken_files_are_named_all_at_once(tmp_path):
    with pytest.raises(
        InputError, match="every image must be whole; 3 of 5 cannot be read: .*pass skip_broken"
    ) as told:
        data.load_folder(spoilt_folder(tmp_path))
    assert all(f"{tmp_path / name} (" in str(told.value) for name in ("a/1.png", "b/3.jpg", "b/4.png"))
    assert str(tmp_path / "a/0.png") not in str(told.value)


def test_the_others_are_loaded_where_broken_files_are_skipped(tmp_path):
    with pytest.warns(PassedOver, match="3 files passed over .*: broken are a/1.png, b/3.jpg, b/4.png"):
        got = data.load_folder(spoilt_folder(tmp_path), skip_broken=True)
    assert got.files == (tmp_path / "a/0.png", tmp_path / "b/2.png") and got.y.tolist() == [0, 1]
    assert got.x.shape == (2, 3, 10, 12) and got.source.endswith(", 2 images")


def test_classes_and_folders_of_broken_files_alone_are_told(tmp_path):
    os.truncate(spoilt_folder(tmp_path) / "b/2.png", 50)
    with (
        pytest.warns(PassedOver),
        pytest.raises(InputError, match="every class must have an image that is whole; b has"),
    ):
        data.load_folder(tmp_path, skip_broken=True)
    with pytest.raises(InputError, match="3 of 3 cannot be read: .* Replace or remove them.$"):
        data.load_folder(tmp_path / "b", labelled=False, skip_broken=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_file_holds_it_is_read_or_named(tmp_path_factory, data_):
    """One byte of a file is changed, or its end is cut off."""
    root = tmp_path_factory.mktemp("any")
    file = save_image(root / "a" / data_.draw(st.sampled_from(["0.png", "0.jpg", "0.gif", "0.tif", "0.webp", "0.bmp"])))
    content = bytearray(file.read_bytes())
    content[data_.draw(st.integers(0, len(content) - 1))] = data_.draw(st.integers(0, 255))
    file.write_bytes(content[: data_.draw(st.integers(1, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert data.load_folder(root, size=4).x.shape == (1, 3, 4, 4)
        except InputError as error:
            assert str(file) in str(error)


# --- depth ---


def test_sixteen_bits_are_scaled(tmp_path):
    values = np.linspace(300, 65535, 4096).reshape(64, 64).astype(np.uint16)
    save_array(tmp_path / "a/0.png", values)
    np.testing.assert_array_equal(grey(tmp_path)[0], np.rint(values / 257))


@pytest.mark.parametrize("end", ["png", "tif", "pgm"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_fewer_bits_in_a_file_of_sixteen_are_not_black(tmp_path, end, bits):
    values = np.linspace(0, 2**bits - 1, 64).reshape(8, 8).astype(np.uint16)
    save_array(tmp_path / f"a/0.{end}", values)
    np.testing.assert_array_equal(grey(tmp_path)[0], np.rint(values.astype(float) * 255 / (2**bits - 1)))


def test_one_scale_for_all_pictures_of_a_set(tmp_path):
    for i, value in enumerate((0, 1000, 4095)):
        save_array(tmp_path / f"a/{i}.png", np.full((4, 4), value, np.uint16))
    save_image(tmp_path / "b/3.png", size=(4, 4), colour=(7, 7, 7))  # 8 bits: as it is
    assert grey(tmp_path)[:, 0, 0].tolist() == [0, 62, 255, 7]


@pytest.mark.parametrize(
    "values, expected",
    [
        (np.array([[0, 255], [7, 100]], np.int32), [[0, 255], [7, 100]]),
        (np.array([[0, 70_000], [35_000, 7]], np.int32), [[0, 255], [128, 0]]),
        (np.array([[-1000, 3000], [1000, -1000]], np.int32), [[0, 255], [128, 0]]),
        (np.array([[0, 1], [0.5, 0.25]], np.float32), [[0, 255], [128, 64]]),
        (np.array([[0, 1 + 1e-7], [0.5, 0.25]], np.float32), [[0, 255], [128, 64]]),
        (np.array([[0.5, 0.5], [0.5, 0.5]], np.float32), [[128, 128], [128, 128]]),
        (np.array([[0, 10], [5, 2.5]], np.float32), [[0, 255], [128, 64]]),
        (np.array([[400, 450], [425, 400]], np.float32), [[0, 255], [128, 0]]),
        (np.array([[0, 3], [1, 2]], np.int32), [[0, 3], [1, 2]]),
        (np.array([[0, 1], [1, 0]], np.int32), [[0, 255], [255, 0]]),
        (np.array([[-1, 1], [0, 0]], np.float32), [[0, 255], [128, 128]]),
        (np.full((2, 2), -3, np.float32), [[0, 0], [0, 0]]),
    ],
    ids=str,
)
def test_whole_and_real_numbers_are_scaled_by_one_rule(tmp_path, values, expected):
    save_array(tmp_path / "a/0.tif", values)
    assert grey(tmp_path)[0].tolist() == expected


def test_kinds_of_files_are_scaled_alike_and_kinds_of_numbers_apart(tmp_path):
    save_array(tmp_path / "b/2.pgm", np.full((2, 2), 100, np.uint16))
    save_array(tmp_path / "b/3.tif", np.full((2, 2), 30_000, np.uint16))
    save_array(tmp_path / "a/0.tif", np.full((2, 2), 1, np.float32))
    save_array(tmp_path / "a/1.png", np.full((2, 2), 65535, np.uint16))
    assert grey(tmp_path)[:, 0, 0].tolist() == [255, 255, 0, 117]


def test_deep_pictures_are_cut_and_resized(tmp_path):
    values = np.zeros((8, 16), np.uint16)
    values[:, 2:14] = 65535
    save_array(tmp_path / "a/0.png", values)
    assert (grey(tmp_path, size=4) == 255).all()
    save_array(tmp_path / "a/0.png", np.kron([[0, 65535], [65535, 0]], np.ones((8, 8))).astype(np.uint16))
    x = grey(tmp_path, size=5)[0]  # interpolation overshoots, and is cut off
    assert x[0, 0] == 0 and x[0, -1] == 255


def test_numbers_that_are_none_are_broken(tmp_path):
    save_array(tmp_path / "a/0.tif", np.array([[0, np.nan], [1, 1]], np.float32))
    with pytest.raises(InputError, match=r"0.tif \(it holds values that are no finite numbers\)"):
        data.load_folder(tmp_path)


@given(st.lists(arrays(np.float32, (2, 2), elements=st.floats(-1e6, 1e6, width=32)), min_size=1, max_size=4))
def test_scaling_keeps_the_order_of_all_values(values):
    pictures = [Picture(v, ("F", float(v.min()), float(v.max()))) for v in values]
    with no_warnings():
        scaled = np.stack([pixels[0] for pixels in to_bytes(pictures)]).ravel().astype(int)
    values = np.stack(values).ravel()
    order = np.argsort(values, kind="stable")
    assert (np.diff(scaled[order]) >= 0).all()
    assert scaled.max() == 255 or values.min() == values.max() or (values.min() >= 0 and values.max() < 1)


# --- transparency ---


def glyph(left):
    ink = np.zeros((8, 8), bool)
    ink[2:6, left : left + 2] = True
    return ink


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB", "1", "I;16"])
def test_what_is_see_through_is_white(tmp_path, mode):
    """Black ink on nothing, in every way that a PNG can say so."""
    for i in range(2):
        ink = glyph(2 + 2 * i)
        file = tmp_path / f"a/{i}.png"
        file.parent.mkdir(exist_ok=True)
        save_see_through(file, ink, mode)
    x = grey(tmp_path)
    np.testing.assert_array_equal(x, [np.where(glyph(2 + 2 * i), 0, 255) for i in range(2)])


def save_see_through(file, ink, mode):
    if mode in ("RGBA", "LA"):
        bands = np.zeros((*ink.shape, len(mode)), np.uint8)
        bands[..., -1] = 255 * ink
        Image.fromarray(bands, mode).save(file)
    elif mode == "P":
        image = Image.fromarray(ink.astype(np.uint8), "P")
        image.putpalette([9, 9, 9, 0, 0, 0])
        image.save(file, transparency=0)
    elif mode == "I;16":
        Image.fromarray(np.where(ink, 0, 1234).astype(np.uint16)).save(file, transparency=1234)
    else:
        values = Image.fromarray(np.where(ink, 0, 255).astype(np.uint8)).convert(mode)
        values.save(file, transparency=(255, 255, 255) if mode == "RGB" else 255)


def test_half_see_through_is_half_white(tmp_path):
    colour = Image.new("RGBA", (4, 4), (200, 0, 100, 128))
    (tmp_path / "a").mkdir()
    colour.save(tmp_path / "a/0.png")
    assert data.load_folder(tmp_path).x[0, :, 0, 0].tolist() == pytest.approx([227, 127, 177], abs=1)


def test_a_palette_with_shades_of_transparency(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([0, 0, 0] * 3)
    (tmp_path / "a").mkdir()
    image.save(tmp_path / "a/0.png", transparency=bytes([0, 255, 128]))
    assert grey(tmp_path)[0].tolist() == [[255, 0, 127]]


def test_other_modes_are_as_pillow_shows_them(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    for mode, end in (("CMYK", "tif"), ("YCbCr", "jpg"), ("P", "gif"), ("1", "png"), ("RGB", "bmp"), ("L", "pgm")):
        root = tmp_path / mode
        save_array(root / f"a/0.{end}", picture, mode)
        with Image.open(root / f"a/0.{end}") as shown:
            np.testing.assert_array_equal(
                data.load_folder(root).x[0], np.moveaxis(np.array(shown.convert("RGB")), -1, 0)
            )


# --- orientation ---


def exif(orientation, tag=None, kind=None, value=b"\0\0\0\0", extra=b""):
    """Notes of a camera: an orientation, and one more tag."""
    tags = struct.pack("<HHIHH", 0x112, 3, 1, orientation, 0)
    tags += b"" if tag is None else struct.pack("<HHI", tag, kind, 1) + value
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1 + (tag is not None)) + tags + b"\0\0\0\0" + extra


ODD = {
    "rational -1/0": (0x11A, 10, struct.pack("<I", 38), struct.pack("<ii", -1, 0)),
    "software as a float": (0x131, 11, struct.pack("<f", 1.5)),
    "resolution -3": (0x11A, 8, struct.pack("<hh", -3, 0)),
    "a place outside of the file": (0x10F, 2, struct.pack("<I", 10**6)),
    "an unknown kind": (0x11A, 99, b"\1\2\3\4"),
}


@pytest.mark.parametrize("odd", [(), *ODD.values()], ids=["none", *ODD])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright_whatever_else_their_notes_say(tmp_path, orientation, odd):
    picture = Image.fromarray(np.kron(np.arange(6).reshape(2, 3) * 50, np.ones((8, 8))).astype(np.uint8))
    (tmp_path / "a").mkdir()
    picture.save(tmp_path / "a/0.jpg", exif=exif(orientation), quality=95)
    with Image.open(tmp_path / "a/0.jpg") as noted:
        expected = np.asarray(ImageOps.exif_transpose(noted))
    picture.save(tmp_path / "a/0.jpg", exif=exif(orientation, *odd), quality=95)
    np.testing.assert_array_equal(grey(tmp_path)[0], expected)


@pytest.mark.parametrize(
    "notes", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense", b"Exif\0\0MM\0*"]
)
def test_notes_that_nobody_can_read_do_not_stop_the_load(tmp_path, notes):
    (tmp_path / "a").mkdir()
    Image.new("RGB", (8, 4)).save(tmp_path / "a/0.jpg", exif=notes)
    assert data.load_folder(tmp_path).x.shape == (1, 3, 4, 8)


@pytest.mark.parametrize("end", ["png", "webp", "tif", "packed.tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_of_other_formats_are_upright(tmp_path, orientation, end):
    picture = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    (tmp_path / "a").mkdir()
    how = {"lossless": True} if end == "webp" else {"compression": "tiff_lzw"} if end == "packed.tif" else {}
    Image.fromarray(picture).save(tmp_path / f"a/0.{end}", exif=exif(orientation)[6:], **how)
    turned = {
        1: picture, 2: picture[:, ::-1], 3: picture[::-1, ::-1], 4: picture[::-1], 5: picture.T,
        6: picture[::-1].T, 7: picture[::-1, ::-1].T, 8: picture.T[::-1],
    }  # fmt: skip
    np.testing.assert_array_equal(grey(tmp_path)[0], turned[orientation])


def test_deep_pictures_are_upright(tmp_path):
    (tmp_path / "a").mkdir()
    notes = Image.Exif()
    notes[0x112] = 6
    Image.fromarray(np.array([[0, 65535, 0]], np.uint16)).save(tmp_path / "a/0.png", exif=notes)
    assert grey(tmp_path)[0].tolist() == [[0], [255], [0]]


# --- names ---

STRANGE = ["new york", "Bär", "猫", "$5", "a_b", "#x %", "ひらがな", os.fsdecode(b"caf\xe9")]


def test_names_of_classes_and_files_survive(tmp_path):
    for name in STRANGE:
        save_image(tmp_path / "x.png").rename(tmp_path / "y.png")
        (tmp_path / name).mkdir()
        os.replace(tmp_path / "y.png", tmp_path / name / f"{name}.png")
    got = data.load_folder(tmp_path)
    assert sorted(got.names) == sorted(STRANGE) and all(file.is_file() for file in got.files)
    assert [file.parent.name for file in got.files] == [got.names[c] for c in got.y]
    assert [file.stem for file in got.files] == list(got.names)


def test_messages_about_strange_names_can_be_printed(tmp_path):
    root = tmp_path / os.fsdecode(b"caf\xe9")
    save_image(root / "a/0.png")
    assert data.load_folder(root).source == "caf\\xe9, 1 images" and data.load_folder(root).name == root.name
    (root / "a" / os.fsdecode(b"\xff.txt")).write_text("words")
    with pytest.warns(PassedOver) as told:
        data.image_files(root)
    (root / "a" / os.fsdecode(b"\xff.png")).write_text("words")
    with pytest.raises(InputError, match=r"caf\\xe9/a/\\xff.png \(no image that Pillow knows\)") as error:
        data.load_folder(root)
    assert (str(told[0].message) + str(error.value)).encode()


def test_home_and_here_are_folders(tmp_path, monkeypatch):
    save_image(tmp_path / "pets/cat/0.png")
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert data.load_folder("~/pets").name == data.load_folder(tmp_path / "pets").name == "pets"
    assert data.image_files("~/pets")[0] == [tmp_path / "pets/cat/0.png"]
    monkeypatch.chdir(tmp_path / "pets")
    assert data.load_folder(".").source == "pets, 1 images"


def test_a_subsample_knows_its_files(tmp_path):
    for name in ("a/0.png", "a/1.png", "b/2.png", "b/3.png"):
        save_image(tmp_path / name)
    whole = data.load_folder(tmp_path)
    part = data.subsample(whole, 0.5, seed=0)
    assert len(part.files) == 2 and [file.parent.name for file in part.files] == ["a", "b"]
    assert data.subsample(data.load("digits"), 0.1, seed=0).files == ()


def test_nothing_in_the_folder_is_changed(tmp_path):
    spoilt_folder(tmp_path)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.rglob("*.*")}
    with pytest.warns(PassedOver):
        data.load_folder(tmp_path, size=4, skip_broken=True)
    assert before == {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.rglob("*.*")}
