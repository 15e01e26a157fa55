"""What explorers are opened on in tests, made up, and how their figures are read."""

import json

import numpy as np
import pandas as pd

SMALL = {"n": 200, "d": 5}


def noise_frame(noises={"random": (0.3, 0.5), "systematic": (0.6,)}, seeds=2):  # noqa: B006
    """Made-up runs: ITLM gains 2 points a round on a baseline of 70 + seed, the oracle has 90."""
    rows = []
    for noise, clean, seed in [(k, c, s) for k, cs in noises.items() for c in cs for s in range(seeds)]:
        common = {"noise": noise, "clean": clean, "seed": seed, "source": "made up"}
        rows += [{**common, "method": "itlm", "round": t, "last_accuracy": 70 + seed + 2 * t,
                  "clean_share": 100 * clean + 5 * t} for t in range(4)]  # fmt: skip
        for method, accuracy in (("baseline", 70 + seed), ("oracle", 90)):
            rows.append({**common, "method": method, "round": 0, "last_accuracy": accuracy, "clean_share": 100 * clean})
    return pd.DataFrame(rows)


def losses(epochs=6, n=50, clean=0.6):
    """Made-up losses: every sample starts at 2, clean ones fall by a third each epoch, bad ones stay."""
    is_clean = np.arange(n) < clean * n
    rows = [np.where(is_clean, 2 * (2 / 3) ** t, 2.0) for t in range(epochs)]
    return np.array(rows) + 0.01 * np.random.default_rng(0).random((epochs, n)), is_clean


def gan_rounds(rounds=3, n=200):
    """Made-up rounds of GAN filtering: losses that part the kinds a little more in each, images of noise."""
    rng, is_clean = np.random.default_rng(0), np.arange(n) < 0.7 * n
    parted = np.abs(rng.normal(0.3, 0.2, (rounds, n))) + 0.5 * np.arange(rounds)[:, None] * ~is_clean
    images = rng.integers(0, 256, (n + 32 * rounds, 1, 8, 8), dtype=np.uint8)
    return parted, is_clean, images[:n], images[n:].reshape(rounds, 32, 1, 8, 8)


def content(figure):
    """A figure as a plain dict, without the ids that plotly gives to a widget's traces."""
    plain = json.loads(json.dumps(figure.to_plotly_json()))
    for trace in plain["data"]:
        trace.pop("uid", None)
    return plain


def drawn(figure, name, panel=1):
    """(x, y) of the trace of that name in a panel."""
    axis = "x" if panel == 1 else "x2"
    (found,) = [trace for trace in figure.data if trace.name == name and trace.xaxis == axis]
    return np.array(found.x, float), np.array(found.y, float)
