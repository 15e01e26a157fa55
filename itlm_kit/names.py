"""Names as people can read them, in messages, lists and figures."""

import re


def readable(text):
    """The text with bytes that are no UTF-8, as old file names hold them, written out: caf\\xe9.png.

    Python keeps such bytes as lone surrogates, which neither a file nor a screen takes.
    """
    text = re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", str(text))
    return text.encode("utf-8", "backslashreplace").decode()


def listed(items, most=10):
    """Items in one readable line, the first `most` of many: "a, b and 3 more"."""
    items = [readable(item) for item in items]
    rest = len(items) - most
    return ", ".join(items) if rest <= 0 else f"{', '.join(items[:most])} and {rest:,} more"


def counted(count, noun):
    """A number and its noun: "1 file", "1,200 files"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def percent(share, form=".0f"):
    """A share in percent: "42 %"; form: how the number is written, ".3g" for what may be small."""
    return f"{100 * share:{form}} %"


def rows(positions):
    """Positions of samples in words: "row 5, counted from 0"."""
    return f"{'row' if len(positions) == 1 else 'rows'} {listed(positions)}, counted from 0"


def duration(seconds):
    """A duration as "40 s", "12 min" or "3.5 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
