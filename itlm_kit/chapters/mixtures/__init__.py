"""Unlabelled images of two kinds, filtered by a GAN: Figures 1(c), 3 and 8, Tables 3 and 5."""
