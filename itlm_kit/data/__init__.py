"""Sets of images and the ways to spoil them."""

from itlm_kit.data.catalogue import NAMES, check, listing, load, load_cifar10n
from itlm_kit.data.corrupted import Corrupted
from itlm_kit.data.fetch import download
from itlm_kit.data.folders import image_files, load_folder
from itlm_kit.data.image_set import ImageSet, enlarge, subsample
from itlm_kit.data.label_noise import LABEL_NOISE
from itlm_kit.data.label_noise.instance import instance_dependent_labels
from itlm_kit.data.label_noise.random import random_labels
from itlm_kit.data.label_noise.systematic import systematic_labels
from itlm_kit.data.mixing import mix_images
from itlm_kit.data.picture_files import PassedOver
from itlm_kit.data.root import data_root
from itlm_kit.data.watermarks import Blend, Poisoned, Watermark, poison, poison_clean_label

__all__ = [
    "LABEL_NOISE", "NAMES", "Blend", "Corrupted", "ImageSet", "PassedOver", "Poisoned", "Watermark", "check",
    "data_root", "download", "enlarge", "image_files", "instance_dependent_labels", "listing", "load", "load_cifar10n",
    "load_folder", "mix_images", "poison", "poison_clean_label", "random_labels", "subsample", "systematic_labels",
]  # fmt: skip
