"""Ways to give wrong labels, a file for each: all are in LABEL_NOISE {name: function}, called alike.

A function takes `(x, y, *, clean, classes, seed)`, x (n, ...) and y (n,), and returns a Corrupted: copies in the same
order, of each class clean * n_c samples, rounded, with their own label, the others with a wrong one; the same seed
gives the same. A new file here is all that it takes, and the tests of LABEL_NOISE run on it too:

    from itlm_kit.data.corrupted import choose_bad, relabelled

    def previous_labels(x, y, *, clean, classes, seed=None):
        y, is_bad = choose_bad(x, y, clean, classes)  # checks the input; the last of each class are bad
        return relabelled(x, y, is_bad, (y - 1) % classes)

    LABEL_NOISE = {"previous": previous_labels}
"""

from itlm_kit.plugins import collected

LABEL_NOISE = collected(__name__, "LABEL_NOISE")
