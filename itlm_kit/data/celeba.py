"""CelebA's faces, a folder of JPEG files below the data root."""

from itlm_kit.data.folders import load_folder
from itlm_kit.data.root import Fault

CELEBA = "celeba/img_align_celeba"  # below the data root
FACE = 64  # pixels a side, as DC-GAN takes them


def load_celeba(root, size=None):
    """CelebA's aligned faces below the data root: the central square, 64 x 64 pixels unless told otherwise."""
    faces = load_folder(root / CELEBA, size=FACE if size is None else size, labelled=False)
    return faces._replace(name="celeba", source=f"CelebA, {len(faces.x):,} training images")


def find_celeba_fault(root):
    """The first Fault of CelebA's folder below the data root, or None; a JPEG file cut short is told by its end."""
    folder = root / CELEBA
    files = sorted(folder.glob("[!.]*.jpg"))
    if not files:
        return Fault(folder, "holds no images" if folder.is_dir() else "is missing", "missing")
    for path in files:
        try:
            words = None if _is_whole_jpeg(path) else "is not a whole JPEG file"
        except OSError as error:
            words = f"cannot be read ({error.strerror})"
        if words:
            return Fault(path, words, "damaged")
    return None


def _is_whole_jpeg(path):
    with open(path, "rb") as file:
        start = file.read(2)
        file.seek(max(0, path.stat().st_size - 2))
        return (start, file.read(2)) == (b"\xff\xd8", b"\xff\xd9")
