"""MNIST, Fashion-MNIST and CIFAR-10 as published: each file's checksum is verified, then torchvision reads it."""

import hashlib
import struct
from typing import NamedTuple

import numpy as np

from itlm_kit.data.image_set import ImageSet
from itlm_kit.data.root import Fault
from itlm_kit.extras import needs

COUNTS = {"train": 60_000, "t10k": 10_000}  # images of MNIST and Fashion-MNIST, by how their files begin
PIXELS = 28  # a side of their images


class Published(NamedTuple):
    """A set of which torchvision knows how to fetch and read the files."""

    title: str
    dataset: str  # torchvision's class
    folder: str  # below the data root
    md5: dict  # file -> checksum


PUBLISHED = {
    "mnist": Published("MNIST", "MNIST", "MNIST/raw", {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }),
    "fashion_mnist": Published("Fashion-MNIST", "FashionMNIST", "FashionMNIST/raw", {
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    }),
    "cifar10": Published("CIFAR-10", "CIFAR10", "cifar-10-batches-py", {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
        "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    }),
}  # fmt: skip


def find_fault(name, root):
    """The first Fault of a published set below the data root, or None when every file is there and as published."""
    spec = PUBLISHED[name]
    for file, md5 in spec.md5.items():
        path = root / spec.folder / file
        try:
            words = (_idx_fault(path) if file.endswith("ubyte") else None) or _md5_fault(path, md5)
        except FileNotFoundError:
            return Fault(path, "is missing", "missing")
        except OSError as error:
            words = f"cannot be read ({error.strerror})"
        if words:
            return Fault(path, words, "damaged")
    return None


def read(name, part, root):
    """Read the part of a set whose files were found without fault, as an ImageSet."""
    needs("torchvision")
    spec = PUBLISHED[name]
    x, y = _read_cifar(root, part) if name == "cifar10" else _read_idx(root / spec.folder, part)
    source = f"{spec.title}, {len(y):,} {'training' if part == 'train' else 'test'} images"
    return ImageSet(name, x, y, 10, source)


def _read_idx(folder, part):
    from torchvision.datasets.mnist import read_image_file, read_label_file

    prefix = folder / ("train" if part == "train" else "t10k")
    x, y = read_image_file(f"{prefix}-images-idx3-ubyte"), read_label_file(f"{prefix}-labels-idx1-ubyte")
    return x.numpy()[:, None], y.numpy()


def _read_cifar(root, part):
    from torchvision.datasets import CIFAR10

    cifar = CIFAR10(root, train=part == "train")
    return np.ascontiguousarray(cifar.data.transpose(0, 3, 1, 2)), np.array(cifar.targets, np.int64)


def _idx_fault(path):
    # The IDX format: a magic number, the dimensions, all big-endian, then one byte per value.
    n, is_images = COUNTS[path.name.split("-")[0]], "images" in path.name
    expected = (2051, n, PIXELS, PIXELS) if is_images else (2049, n)
    header, size = 4 * len(expected), path.stat().st_size
    whole = header + n * (PIXELS**2 if is_images else 1)
    if size < whole:
        return f"is cut short: {size:,} of {whole:,} bytes"
    with open(path, "rb") as file:
        found = struct.unpack(f">{len(expected)}i", file.read(header))
        labels = b"" if is_images else file.read()
    if found != expected:
        return f"must start with the numbers {expected}, starts with {found}"
    return _label_fault(np.frombuffer(labels, np.uint8))


def _label_fault(labels):
    wrong = np.flatnonzero(labels > 9)
    return f"holds label {labels[wrong[0]]} at place {wrong[0]:,}; labels lie in 0..9" if wrong.size else None


def _md5_fault(path, published):
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return None if found == published else f"differs from the published file: md5 {found}, not {published}"
