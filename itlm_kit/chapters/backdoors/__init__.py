"""Watermarked training images: Figures 1(d) and 4, Table 4."""
