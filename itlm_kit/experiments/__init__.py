"""The machinery of measuring, knowing no paper: what an experiment is, cells on disk, running and gathering them."""
