"""Unlabelled images of two kinds, filtered by a GAN: Figures 1(c), 3 and 8, Tables 3 and 5."""

from itlm_kit.extras import needs

needs("torch")
