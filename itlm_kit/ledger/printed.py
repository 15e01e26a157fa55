"""The figures printed in the paper's Tables 1-5, in percent, found by experiment and settings of a cell."""

METHODS = ("baseline", "itlm", "oracle", "centroid", "1-step", "delta-alpha-10", "delta-alpha-15")

# Table 1: (noise, clean share) -> one accuracy per method; CIFAR-10 has the first three.
TABLE1_MNIST = {
    ("systematic", 0.6): (66.69, 84.98, 92.44, 70.25, 74.29, 85.91, 79.80),
    ("systematic", 0.7): (80.74, 89.19, 92.82, 83.42, 84.07, 89.76, 88.00),
    ("systematic", 0.8): (89.91, 91.93, 92.93, 90.18, 91.38, 90.92, 89.06),
    ("systematic", 0.9): (92.35, 92.68, 93.20, 92.44, 92.63, 91.10, 90.62),
    ("random", 0.3): (80.87, 84.54, 91.37, 80.89, 93.91, 80.39, 68.00),
    ("random", 0.5): (88.59, 90.16, 92.14, 88.94, 89.13, 89.14, 86.23),
    ("random", 0.7): (91.18, 91.12, 92.82, 91.25, 90.28, 90.41, 88.37),
    ("random", 0.9): (92.50, 92.43, 93.20, 92.40, 92.42, 91.48, 90.25),
}
TABLE1_CIFAR = {
    ("systematic", 0.6): (62.03, 81.01, 90.14),
    ("systematic", 0.7): (73.47, 87.08, 90.72),
    ("systematic", 0.8): (80.17, 89.34, 91.33),
    ("systematic", 0.9): (86.63, 90.00, 91.74),
    ("random", 0.3): (49.58, 64.74, 85.78),
    ("random", 0.5): (64.74, 82.51, 89.26),
    ("random", 0.7): (73.60, 88.23, 90.72),
    ("random", 0.9): (86.13, 90.33, 91.74),
}
# Table 2: (clean share, method) -> accuracy under noise, accuracy on the clean CIFAR-10, clean samples it is given.
TABLE2 = {
    (0.6, "itlm"): (86.12, 92.40, 0),
    (0.6, "reweight"): (86.92, 95.5, 1000),
    (0.6, "mentornet-pd"): (77.6, 96.0, 0),
    (0.6, "mentornet-dd"): (88.7, 96.0, 5000),
    (0.2, "itlm"): (42.24, 92.40, 0),
    (0.2, "mentornet-pd"): (28.3, 96.0, 0),
    (0.2, "mentornet-dd"): (46.3, 96.0, 5000),
}
# Table 3: (mixture, clean share) -> clean share of S_0 ... S_4 (its iter-1 ... iter-5).
TABLE3 = {
    ("mnist+fashion_mnist", 0.9): (91.90, 96.05, 99.15, 100.0, 100.0),
    ("mnist+fashion_mnist", 0.8): (76.84, 91.95, 96.14, 99.67, 100.0),
    ("mnist+fashion_mnist", 0.7): (77.77, 79.12, 85.66, 91.51, 97.00),
    ("celeba+cifar10", 0.9): (97.12, 97.33, 97.43, 97.53, 98.14),
    ("celeba+cifar10", 0.8): (81.34, 88.11, 89.48, 92.89, 92.94),
    ("celeba+cifar10", 0.7): (75.57, 76.45, 86.63, 82.15, 94.02),
}
# Table 4: (class a -> b, shape) -> test accuracy and attack success of naive training, then with ITLM.
TABLE4 = {
    ("1->2", "X"): (90.32, 97.50, 90.31, 0.10),
    ("9->4", "X"): (89.83, 96.30, 90.02, 0.60),
    ("6->0", "L"): (89.83, 98.10, 89.84, 1.30),
    ("2->8", "L"): (90.23, 97.90, 89.70, 1.20),
}
# Table 5: clean share -> clean share of what a method keeps, MNIST with Fashion-MNIST.
TABLE5_METHODS = ("baseline", "itlm", "centroid", "1-step", "delta-alpha-10", "delta-alpha-15", "delta-alpha-20")
TABLE5 = {
    0.7: (70.0, 97.00, 61.46, 77.77, 83.33, 78.06, 83.59),
    0.8: (80.0, 100.0, 77.46, 76.84, 98.80, 99.56, 97.77),
    0.9: (90.0, 100.0, 89.57, 91.90, 98.85, 99.01, 98.04),
}


def printed(experiment: str, settings: dict) -> dict:
    """What the paper prints for a cell, as metric -> value in percent, in the form of the cell's own metrics.

    Empty for a cell that the paper has no figure for, e.g. one on other data than the paper's. Tables 1-5.
    """
    find = _FINDERS.get(experiment)
    return find(settings) if find else {}


def _label_noise(table, data):
    def find(settings):
        row = table.get((settings.get("noise"), settings.get("clean")), ())
        by_method = dict(zip(METHODS, row, strict=False))  # CIFAR-10 has the first three methods
        if settings.get("data") != data or settings.get("method") not in by_method:
            return {}
        return {"selected_accuracy": by_method[settings["method"]]}

    return find


def _table2(settings):
    row = TABLE2.get((settings.get("clean"), settings.get("method")))
    return {"selected_accuracy": row[0]} if row and settings.get("data") == "cifar10" else {}


def _table3(settings):
    shares = TABLE3.get((settings.get("pair"), settings.get("clean")), ())
    if not shares or settings.get("method") != "itlm":
        return {}
    return {"clean_share": shares[-1], "rounds": [{"round": t, "clean_share": s} for t, s in enumerate(shares)]}


def _table4(settings):
    row = TABLE4.get((settings.get("pair"), settings.get("shape")))
    columns = {"naive": (0, 1), "itlm": (2, 3)}.get(settings.get("method"))
    if row is None or columns is None or settings.get("data") != "cifar10":
        return {}
    return {"clean_accuracy": row[columns[0]], "attack_success": row[columns[1]]}


def _table5(settings):
    by_method = dict(zip(TABLE5_METHODS, TABLE5.get(settings.get("clean"), ()), strict=False))
    if settings.get("pair") != "mnist+fashion_mnist" or settings.get("method") not in by_method:
        return {}
    return {"clean_share": by_method[settings["method"]]}


_FINDERS = {
    "table1-mnist": _label_noise(TABLE1_MNIST, "mnist"),
    "table1-cifar": _label_noise(TABLE1_CIFAR, "cifar10"),
    "table2": _table2,
    "table3": _table3,
    "table4": _table4,
    "table5": _table5,
}
