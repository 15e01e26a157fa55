import gzip
import hashlib
import os
import struct
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from itlm_kit import InputError, data
from itlm_kit.data import cifar10n, torchvision_sets
from itlm_kit.data.image_set import ImageSet

COUNTS = {"train": 30, "t10k": 10}  # of the small sets in MNIST's format that the tests write


# --- what comes with scikit-learn ---


def test_digits_are_all_of_scikit_learns_and_split_by_class():
    from sklearn.datasets import load_digits

    train, test = data.load("digits"), data.load("digits", "test")
    assert train.x.shape == (1400, 1, 8, 8) and test.x.shape == (397, 1, 8, 8)
    assert train.x.dtype == np.uint8 and train.y.dtype == np.int64 and train.x.max() == 255
    assert np.abs(np.bincount(train.y) / 1400 - np.bincount(test.y) / 397).max() < 0.002
    rows = [row.tobytes() for row in np.concatenate([train.x, test.x]).reshape(1797, -1)]
    true = np.rint(load_digits().data * 255 / 16).astype(np.uint8)
    assert sorted(rows) == sorted(row.tobytes() for row in true)
    assert train.source == "scikit-learn's digits, 1,400 training images"


def test_digits_are_the_same_every_time():
    first, second = data.load("digits"), data.load("digits")
    assert (first.x == second.x).all() and (first.y == second.y).all()


def test_patches_are_many_and_none_is_flat():
    train, test = data.load("patches"), data.load("patches", "test")
    assert len(train.x) > 2000 and train.x.shape[1:] == (1, 8, 8) and train.classes == 1
    assert (train.x.std(axis=(1, 2, 3)) >= 5).all()
    assert (train.x == data.load("patches").x).all()
    assert not {p.tobytes() for p in test.x} & {p.tobytes() for p in train.x}


def test_enlarging_doubles_the_side_and_keeps_the_picture():
    small, large = data.load("digits", "test"), data.load("digits", "test", size=16)
    assert large.x.shape == (397, 1, 16, 16) and large.x.dtype == np.uint8
    back = large.x.reshape(397, 1, 8, 2, 8, 2).mean((3, 5))
    assert np.corrcoef(back.ravel(), small.x.ravel())[0, 1] > 0.95
    assert (data.enlarge(small, 8).x == small.x).all()
    with pytest.raises(InputError, match="size must be a whole number of at least 8; got 7"):
        data.enlarge(small, 7)


def test_importing_the_package_and_the_digits_needs_no_torch():
    code = "import sys; from itlm_kit import data; data.load('digits'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- subsamples ---


def numbered(counts):
    y = np.repeat(np.arange(len(counts)), counts)
    y = np.random.default_rng(0).permutation(y)
    return ImageSet("set", np.arange(len(y)), y, len(counts), f"Set, {len(y):,} training images")


@given(st.lists(st.integers(20, 400), min_size=1, max_size=6), st.floats(0.05, 1), st.integers(0, 99))
def test_subsamples_are_stratified_and_in_order(counts, share, seed):
    whole = numbered(counts)
    part = data.subsample(whole, share, seed)
    assert len(part.y) == round(share * sum(counts))
    assert (np.diff(part.x) > 0).all() and (part.y == whole.y[part.x]).all()
    assert np.abs(np.bincount(part.y) - share * np.array(counts)).max() < 1 + 1e-6


def test_subsamples_depend_on_the_seed_and_say_what_they_are():
    whole = numbered([600, 600])
    first, again, other = (data.subsample(whole, 0.05, s) for s in (0, 0, 1))
    assert (first.x == again.x).all() and (first.x != other.x).any()
    assert first.source == "Set, 5 % of the training images, seed 0"
    assert data.subsample(first, 0.5, 7).source == "Set, 5 % of the training images, seed 0, then 50 % of these, seed 7"


@pytest.mark.parametrize("share", [0, -0.1, 1.1, "half", True, None])
def test_a_share_must_be_one(share):
    with pytest.raises(InputError, match=r"share must lie in \(0, 1\]; got"):
        data.subsample(numbered([5, 5]), share, 0)


def test_a_share_may_be_numpys():
    assert len(data.subsample(numbered([4, 4]), np.float32(0.5), 0).y) == 4


def test_a_share_that_empties_a_class_is_told():
    with pytest.raises(InputError, match="0.01 of 10 of class 1 is none"):
        data.subsample(numbered([500, 10]), 0.01, 0)


# --- files in MNIST's format ---


def idx(values):
    header = struct.pack(f">{values.ndim + 1}i", 2048 + values.ndim, *values.shape)
    return header + values.astype(np.uint8).tobytes()


def mnist_files():
    rng = np.random.default_rng(0)
    files = {}
    for prefix, n in COUNTS.items():
        files[f"{prefix}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, 28, 28)))
        files[f"{prefix}-labels-idx1-ubyte"] = idx(np.arange(n) % 10)
    return files


@pytest.fixture
def small_mnist(monkeypatch):
    """A small published set in MNIST's format, as files that a test may place, spoil or serve."""
    files = mnist_files()
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(torchvision_sets, "COUNTS", COUNTS)
    monkeypatch.setitem(torchvision_sets.PUBLISHED, "mnist", torchvision_sets.PUBLISHED["mnist"]._replace(md5=md5))
    return files


def place(root, files):
    folder = root / "MNIST/raw"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_mnist_files_are_read_as_they_are(tmp_path, small_mnist):
    place(tmp_path, small_mnist)
    for part, prefix, n in (("train", "train", 30), ("test", "t10k", 10)):
        got = data.load("mnist", part, tmp_path)
        assert got.x.shape == (n, 1, 28, 28) and got.x.dtype == np.uint8 and got.classes == 10
        assert got.x.tobytes() == small_mnist[f"{prefix}-images-idx3-ubyte"][16:]
        assert got.y.dtype == np.int64 and got.y.tolist() == [i % 10 for i in range(n)]
    assert got.source == "MNIST, 10 test images"


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    "file, spoil, words",
    [
        (IMAGES, lambda b: b[:-1], "is cut short: 23,535 of 23,536 bytes"),
        (IMAGES, lambda b: b"", "is cut short: 0 of 23,536 bytes"),
        (LABELS, lambda b: b[:5], "is cut short: 5 of 38 bytes"),
        (IMAGES, lambda b: struct.pack(">i", 2052) + b[4:], r"starts with \(2052, 30, 28, 28\)"),
        (IMAGES, lambda b: b[:4] + struct.pack(">i", 29) + b[8:], r"starts with \(2051, 29, 28, 28\)"),
        (LABELS, lambda b: idx(np.arange(31) % 10), r"must start with .*2049, 30.*, starts with \(2049, 31\)"),
        (LABELS, lambda b: b[:-2] + bytes([10, 11]), "holds label 10 at place 28; labels lie in 0..9"),
        (IMAGES, lambda b: b[:-1] + bytes([b[-1] ^ 1]), "differs from the published file: md5"),
        (LABELS, lambda b: b + b"0", "holds label 48 at place 30"),
        (IMAGES, None, "is missing"),
    ],
)
def test_spoilt_files_are_named_with_the_command_that_mends_them(tmp_path, small_mnist, file, spoil, words):
    place(tmp_path, small_mnist)
    path = tmp_path / "MNIST/raw" / file
    path.write_bytes(spoil(small_mnist[file])) if spoil else path.unlink()
    with pytest.raises(InputError, match=words) as told:
        data.load("mnist", data_root=tmp_path)
    assert str(path) in str(told.value)
    assert str(told.value).endswith(f"Run: itlm data download mnist --data-root {tmp_path}")
    line = next(line for line in data.listing(tmp_path) if line["name"] == "mnist")
    assert line["state"] == ("damaged" if spoil else "missing") and line["remedy"] == str(told.value)


def test_cifar_files_of_another_checksum_are_never_unpickled(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    planted = tmp_path / "planted"
    attack = b"cos\nsystem\n(S'touch " + str(planted).encode() + b"'\ntR."
    for name in torchvision_sets.PUBLISHED["cifar10"].md5:
        (folder / name).write_bytes(attack)
    with pytest.raises(InputError, match="data_batch_1 differs from the published file"):
        data.load("cifar10", data_root=tmp_path)
    assert not planted.exists()


# --- data root, listing, check ---


def test_data_root_is_the_argument_then_the_variable_then_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ITLM_DATA_ROOT", str(tmp_path))
    assert data.data_root("elsewhere").name == "elsewhere"
    assert data.data_root() == tmp_path
    monkeypatch.delenv("ITLM_DATA_ROOT")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert data.data_root() == tmp_path / ".cache/itlm_kit"


@pytest.mark.parametrize(
    "use", [partial(data.load, "mnist"), partial(data.check, "mnist"), partial(data.download, "mnist")]
)
def test_a_data_root_that_is_a_file_is_told(tmp_path, monkeypatch, use):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("ITLM_DATA_ROOT", str(tmp_path / "file"))
    with pytest.raises(InputError, match="data root must be a folder; .*file is a file"):
        use()


def test_an_empty_root_lists_what_is_missing_and_what_to_do(tmp_path):
    lines = {line["name"]: line for line in data.listing(tmp_path)}
    assert list(lines) == ["digits", "patches", "mnist", "fashion_mnist", "cifar10", "cifar10n", "celeba"]
    assert {n for n, line in lines.items() if line["state"] == "ready"} == {"digits", "patches"}
    assert "itlm data download cifar10" in lines["cifar10"]["remedy"]
    assert "unpack it as celeba/img_align_celeba" in lines["celeba"]["remedy"]
    assert lines["digits"]["remedy"] == "" and list(tmp_path.iterdir()) == []


def test_check_gives_the_checksums(tmp_path, small_mnist):
    place(tmp_path, small_mnist)
    got = data.check("mnist", tmp_path)
    assert got["state"] == "ready" and got["size"] == sum(map(len, small_mnist.values()))
    assert got["files"] == {name: hashlib.md5(content).hexdigest() for name, content in small_mnist.items()}


@pytest.mark.parametrize("use", [data.load, data.check, data.download])
def test_an_unknown_set_is_told(use, tmp_path):
    with pytest.raises(InputError, match="data must be one of digits, patches, mnist.*; got 'imagenet'"):
        use("imagenet")


def test_an_unknown_part_is_told():
    with pytest.raises(InputError, match="part must be one of train, test; got 'valid'"):
        data.load("digits", "valid")


def test_labels_of_cifar10n_are_checked(tmp_path):
    path = tmp_path / "cifar10n/labels.npz"
    path.parent.mkdir()
    labels = {kind: np.zeros(50_000, np.uint8) for kind in cifar10n.KINDS}
    np.savez(path, **labels)
    assert data.check("cifar10n", tmp_path)["state"] == "ready"
    np.savez(path, **labels | {"worse_label": np.full(50_000, 10)})
    with pytest.raises(InputError, match="labels.npz must hold 50,000 labels in 0..9 under worse_label"):
        data.check("cifar10n", tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="labels.npz cannot be read"):
        data.check("cifar10n", tmp_path)
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InputError, match="labels.npz cannot be read"):
        data.check("cifar10n", tmp_path)
    np.savez_compressed(path, **labels)
    spoilt = bytearray(path.read_bytes())
    spoilt[100:140] = b"\xff" * 40
    path.write_bytes(spoilt)
    with pytest.raises(InputError, match="labels.npz cannot be read"):
        data.check("cifar10n", tmp_path)


def cifar10n_files(root, true, given):
    path = root / "cifar10n/labels.npz"
    path.parent.mkdir()
    labels = {kind: true for kind in cifar10n.KINDS} | {"worse_label": given}
    np.savez(path, **labels)


def test_labels_of_people_come_with_the_images(tmp_path, monkeypatch):
    true = np.arange(50_000) % 10
    given = np.where(np.arange(50_000) < 20_000, (true + 3) % 10, true)
    cifar10n_files(tmp_path, true, given)
    images = data.ImageSet("cifar10", np.zeros((50_000, 3, 1, 1), np.uint8), true, 10, "none")
    monkeypatch.setattr("itlm_kit.data.catalogue.load", lambda name, data_root: images)
    worst, clean = data.load_cifar10n("worst", tmp_path), data.load_cifar10n("aggregate", tmp_path)
    assert worst.is_clean.mean() == 0.6 and clean.is_clean.all() and worst.y.dtype == np.int64
    np.testing.assert_array_equal(worst.y, given)
    np.testing.assert_array_equal(worst.y_true, true)


def test_labels_of_people_in_another_order_are_told(tmp_path, monkeypatch):
    true = np.arange(50_000) % 10
    cifar10n_files(tmp_path, true, true)
    images = data.ImageSet("cifar10", np.zeros((50_000, 3, 1, 1), np.uint8), true[::-1], 10, "none")
    monkeypatch.setattr("itlm_kit.data.catalogue.load", lambda name, data_root: images)
    with pytest.raises(InputError, match="must be in the order of CIFAR-10's images; 50,000 of its clean labels"):
        data.load_cifar10n("worst", tmp_path)


@pytest.mark.parametrize("kind, words", [("clean", "kind must be one of aggregate"), ("worst", "CIFAR-10_human.pt")])
def test_labels_of_people_that_are_not_there_are_told(tmp_path, kind, words):
    with pytest.raises(InputError, match=words):
        data.load_cifar10n(kind, tmp_path)


# --- CelebA ---


def save_image(path, size=(12, 10), colour=(200, 100, 50)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_celeba_is_a_folder_of_whole_jpegs(tmp_path):
    folder = tmp_path / "celeba/img_align_celeba"
    for i in (1, 2):
        save_image(folder / f"00000{i}.jpg", size=(178, 218))
    assert data.load("celeba", data_root=tmp_path).x.shape == (2, 3, 64, 64)
    with pytest.raises(InputError, match="part must be one of train"):
        data.load("celeba", "test", tmp_path)
    os.truncate(folder / "000002.jpg", 500)
    with pytest.raises(InputError, match="000002.jpg is not a whole JPEG file. It cannot be downloaded"):
        data.load("celeba", data_root=tmp_path)


# --- download ---


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def served(tmp_path, small_mnist, monkeypatch):
    """The small set on a server of our own, which torchvision is told to fetch from."""
    from torchvision.datasets import MNIST

    folder = tmp_path / "served"
    folder.mkdir()
    packed = {f"{name}.gz": gzip.compress(content) for name, content in small_mnist.items()}
    for name, content in packed.items():
        (folder / name).write_bytes(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(MNIST, "resources", [(n, hashlib.md5(c).hexdigest()) for n, c in packed.items()])
    yield folder
    server.shutdown()
    server.server_close()


def test_download_brings_the_set_and_nothing_else(tmp_path, served, small_mnist):
    root = tmp_path / "new/root"
    assert data.download("mnist", root)["state"] == "ready"
    assert {p.name: p.read_bytes() for p in (root / "MNIST/raw").iterdir()} == small_mnist
    assert [p.name for p in root.iterdir()] == ["MNIST"]
    for file in served.iterdir():
        file.unlink()
    assert data.download("mnist", root)["state"] == "ready"  # is there: not fetched again


def test_download_mends_damaged_files_and_leaves_others_alone(tmp_path, served, small_mnist):
    root = tmp_path / "root"
    place(root, small_mnist | {IMAGES: b"damaged", "notes.txt": b"mine"})
    data.download("mnist", root)
    assert data.check("mnist", root)["state"] == "ready"
    assert (root / "MNIST/raw/notes.txt").read_bytes() == b"mine"


def test_a_failed_download_is_one_line_and_leaves_nothing(tmp_path, served):
    (served / f"{LABELS}.gz").unlink()
    with pytest.raises(InputError, match="mnist could not be downloaded to .*404.*Nothing was written") as told:
        data.download("mnist", tmp_path / "new/root")
    assert "\n" not in str(told.value) and not (tmp_path / "new").exists()


def test_a_download_of_other_content_is_refused(tmp_path, served, monkeypatch, small_mnist):
    md5 = dict.fromkeys(small_mnist, "0" * 32)
    monkeypatch.setitem(torchvision_sets.PUBLISHED, "mnist", torchvision_sets.PUBLISHED["mnist"]._replace(md5=md5))
    with pytest.raises(InputError, match="could not be downloaded .* differs from the published file"):
        data.download("mnist", tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_an_interrupted_download_leaves_what_was_there(tmp_path, served, small_mnist, monkeypatch):
    from torchvision.datasets import mnist

    fetch = mnist.download_and_extract_archive

    def stopped(url, download_root, **named):
        if LABELS in url:
            raise KeyboardInterrupt
        fetch(url, download_root, **named)

    monkeypatch.setattr(mnist, "download_and_extract_archive", stopped)
    root = tmp_path / "root"
    place(root, {IMAGES: b"damaged"})
    with pytest.raises(KeyboardInterrupt):
        data.download("mnist", root)
    assert [p for p in root.rglob("*") if p.is_file()] == [root / "MNIST/raw" / IMAGES]
    with pytest.raises(KeyboardInterrupt):
        data.download("mnist", tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()


@pytest.mark.parametrize("name, words", [("celeba", "img_align_celeba.zip"), ("cifar10n", "CIFAR-10_human.pt")])
def test_sets_to_be_placed_by_hand_say_how(tmp_path, name, words):
    with pytest.raises(InputError, match=f"cannot be downloaded automatically.*{words}"):
        data.download(name, tmp_path)


# --- the real sets ---


@pytest.mark.data
@pytest.mark.parametrize(
    "name, shape, test_images",
    [
        ("mnist", (60_000, 1, 28, 28), 10_000),
        ("fashion_mnist", (60_000, 1, 28, 28), 10_000),
        ("cifar10", (50_000, 3, 32, 32), 10_000),
    ],
)
def test_real_sets(real_data, name, shape, test_images):
    root = real_data(name)
    train, test = data.load(name, data_root=root), data.load(name, "test", root)
    assert train.x.shape == shape and len(test.x) == test_images and train.x.dtype == np.uint8
    assert train.x.flags.c_contiguous and np.bincount(train.y).size == np.bincount(test.y).size == 10


@pytest.mark.data
def test_five_percent_of_mnist(real_data):
    part = data.subsample(data.load("mnist", data_root=real_data("mnist")), 0.05, seed=0)
    assert len(part.y) == 3000 and part.source == "MNIST, 5 % of the training images, seed 0"
    noisy = data.systematic_labels(part.x, part.y, clean=0.6, classes=10)
    assert noisy.is_clean.mean() == pytest.approx(0.6, abs=0.002)


@pytest.mark.data
def test_error_rates_of_cifar10n_are_the_published_ones(real_data):
    root = real_data("cifar10n")
    published = {"aggregate": 9.03, "random1": 17.23, "random2": 18.12, "random3": 17.64, "worst": 40.21}
    for kind, errors in published.items():
        given, true = cifar10n.read_labels(root, kind)
        assert 100 * (given != true).mean() == pytest.approx(errors, abs=0.03)
    real_data("cifar10")
    assert data.load_cifar10n("worst", root).x.shape == (50_000, 3, 32, 32)


@pytest.mark.data
def test_truncated_mnist_is_told(real_data, tmp_path):
    folder = tmp_path / "MNIST/raw"
    folder.mkdir(parents=True)
    for path in (real_data("mnist") / "MNIST/raw").iterdir():
        (folder / path.name).symlink_to(path)
    whole = (folder / IMAGES).read_bytes()
    (folder / IMAGES).unlink()
    (folder / IMAGES).write_bytes(whole[:1_000_000])
    with pytest.raises(InputError, match="train-images-idx3-ubyte is cut short: 1,000,000 of 47,040,016 bytes"):
        data.load("mnist", data_root=tmp_path)


@pytest.mark.data
def test_real_faces_are_the_central_square(real_data, tmp_path):
    folder = tmp_path / "celeba/img_align_celeba"
    folder.mkdir(parents=True)
    for path in sorted((real_data("celeba") / "celeba/img_align_celeba").glob("*.jpg"))[:5]:
        (folder / path.name).symlink_to(path)
    with Image.open(folder / "000001.jpg") as face:
        width, height = face.size
        top = (height - width) // 2
        square = face.convert("RGB").crop((0, top, width, top + width)).resize((64, 64))
    got = data.load("celeba", data_root=tmp_path)
    assert got.x.shape == (5, 3, 64, 64) and got.source == "CelebA, 5 training images"
    assert np.abs(got.x[0].astype(int) - np.asarray(square).transpose(2, 0, 1)).mean() < 1
