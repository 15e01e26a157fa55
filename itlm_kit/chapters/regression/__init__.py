"""Synthetic regression: the theorems, and Figures 2, 5, 6 and 7."""
