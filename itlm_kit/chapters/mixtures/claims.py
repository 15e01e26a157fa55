"""Claims on mixed images: Figure 1(c), section 6.3, Figures 3 and 8, Tables 3 and 5, appendix E.2."""

from dataclasses import replace

from itlm_kit.chapters.mixtures.length import ended
from itlm_kit.chapters.observation import observation
from itlm_kit.ledger.beside import table_claims
from itlm_kit.ledger.claim import Band, Claim, Measure, Power, within
from itlm_kit.ledger.measures import beside, cells, gain, largest_loss, last, of_rows
from itlm_kit.ledger.printed import TABLE3, TABLE5

DIGITS, FACES, NOISE = "mnist+fashion_mnist", "celeba+cifar10", "mnist+gaussian"
NAMES = {DIGITS: "MNIST with Fashion-MNIST", FACES: "CelebA with CIFAR-10"}
TAGS = {DIGITS: "mnist", FACES: "celeba"}
CLOSE = 5.0  # points: GAN rounds differ more between seeds than classifiers do
IMAGES = {DIGITS: 60_000, FACES: 10_000, NOISE: 60_000}  # clean ones; the faces are all that we have
PAPER_IMAGES = {**IMAGES, FACES: 202_599}
LENGTH = {"training.steps": None, "training.stop": None}  # of a round: the paper tells none
DC_GAN = {"training.batch_size": 128, "training.width": 64, "training.latent": 100, **LENGTH}
SHARE = "clean_share"
ROUNDS = {"baseline": 0, "1-step": 0, "itlm": 4}  # of Table 3, which prints the latter two as Table 5 does
# Table 5's own columns, but for its baseline: that keeps everything, so its figures are the shares given.
OTHERS = ("centroid", "delta-alpha-10", "delta-alpha-15", "delta-alpha-20")
ONLY = "the paper: only such images; less is asked, since the judge is not sure of all real ones either"
ALSO = {(DIGITS, 0): "Table 3 and Table 5, 1-Step", (DIGITS, 4): "Table 3 and Table 5, ITLM"}  # the same figure
SMALL = 6000  # images, clean and bad, of a pile that a CPU can do
ON_SMALL = "6,000 images of MNIST with Fashion-MNIST"
SWEPT = 3000  # images of the piles on which lengths are compared
ON_SWEPT = "3,000 images of MNIST with Fashion-MNIST"
OUR_SIZE = "a smaller pile than the paper's, which prints nothing for it"
SCALED = (
    "images scaled to one norm, which the paper does not tell: chosen since it gives the printed shares. On raw pixels "
    "94.8, 88.7 and 81.3 % of what it keeps are clean at 90, 80 and 70 % (seed 0): there the filter works"
)
CENTROID = {"images": PAPER_IMAGES[DIGITS], "scale": None}  # the paper tells no scale


def claims():
    return [*_figure1(), *_table3(), *_figures(), *_table5(), *_small(), *_lengths()]


def _pile(pair, clean):
    return {"pair": pair, "images": IMAGES[pair], "clean": clean}


def _small_pile(clean, images=SMALL):
    return {**_pile(DIGITS, clean), "images": round(images * clean)}


def _kept(pile, method="itlm"):
    """Where what a method keeps of a pile is found: ITLM's rounds, the first with what it is given, in Table 3."""
    if method in ROUNDS:
        return _round(pile, ROUNDS[method])
    return cells("table5", {**pile, "method": method})


def _round(pile, t, experiment="table3"):
    return cells(experiment, {**pile, "method": "itlm", "round": t})


def _given(clean):
    return round(100 * clean, 6)


def _paper(pair):
    return {"images": PAPER_IMAGES[pair], **DC_GAN}


def _near(share, clean):
    """The band of a printed share, with its reason and what must lie outside."""
    band, given = within(share, CLOSE, low=0, high=100), _given(clean)
    if band.contains(given):
        why = "within 5 points of the printed share; so is the share given, but not 100, with every bad image gone"
        return {"band": band, "why": why, "wrong": 100.0}
    why = f"within 5 points of the printed share; the share given, {given:g}, lies outside"
    return {"band": band, "why": why, "wrong": given}


def _figure1():
    return observation("c", "GAN on 70 % MNIST with 30 % Fashion-MNIST", _pile(DIGITS, 0.7), paper=_paper(DIGITS))


# --- Table 3


def _table3():
    sentences = [claim for row, shares in TABLE3.items() for claim in _improvement(*row, shares)]
    return [*table_claims(TABLE3, _table3_cell), *sentences]


def _table3_tag(pair, clean):
    return f"T3.{TAGS[pair]}.{_given(clean):g}"


def _table3_cell(pair, clean, t, share):
    return {
        "id": f"{_table3_tag(pair, clean)}.iter{t + 1}",
        "place": ALSO.get((pair, t), "Table 3"),
        "says": f"{NAMES[pair]}, {clean:.0%} clean: S_{t} is {share:.2f} % clean",
        "cells": _round(_pile(pair, clean), t),
        "measure": last(SHARE),
        **_near(share, clean),
        "paper": _paper(pair),
        "note": "the table's iter-1 is below the share it starts from" if share < _given(clean) else "",
    }


def _improvement(pair, clean, shares):
    pile, tag = _pile(pair, clean), _table3_tag(pair, clean)
    yield Claim(
        id=f"{tag}.better",
        says=f"{NAMES[pair]}, {clean:.0%} clean: what ITLM keeps is cleaner than what it is given",
        **_better(pile),
        printed=shares[4],
    )
    yield Claim(
        id=f"{tag}.rises",
        says=f"{NAMES[pair]}, {clean:.0%} clean: the share grows over the rounds",
        **_rising(pile),
        printed=round(_lost(shares[0], shares[4]), 4),
        note="" if _never_falls(shares) else "not round by round: the table's own share falls at iter-4",
    )


def _better(pile):
    """That what ITLM keeps is cleaner than the pile, any pile: Table 5's baseline, which keeps everything."""
    given = _given(pile["clean"])
    return {
        "place": "Section 6.3" if pile["pair"] == FACES else "Section 6.3 and Table 5, Baseline",
        "cells": _kept(pile),
        "measure": last(SHARE),
        "band": Band(given + (100 - given) / 4),
        "why": "at least a quarter of the bad samples gone; the share given lies outside",
        "wrong": given,
        "paper": _paper(pile["pair"]),
    }


def _never_falls(shares):
    return sorted(shares.values()) == list(shares.values())


def _rising(pile):
    """That the share grows over the rounds, on any pile."""
    return {
        "place": "Section 6.3" if pile["pair"] == FACES else "Section 6.3 and appendix E.2, 1-Step",
        "cells": cells("table3", {**pile, "method": "itlm"}),
        "measure": of_rows(_lost_in_rounds, "share of the bad samples in S_0 that S_4 has lost"),
        "band": Band(0.25),
        "why": "a quarter of them; rounds that change nothing, as one step of ITLM, lose 0",
        "wrong": 0.0,
        "paper": _paper(pile["pair"]),
    }


def _lost_in_rounds(frame):
    shares = frame.set_index("round")[SHARE]
    return _lost(shares[0], shares[4])


def _lost(first, last):
    """Which part of the bad samples of a set is gone from another, given the clean shares of both in percent."""
    return (last - first) / (100 - first) if first < 100 else 0.0


# --- Figures 3 and 8, appendix E.2's Gaussian noise


def _figures():
    return [
        Claim(
            id="F3.left",
            place="Figure 3, left",
            says="the GAN of round five draws more digits than a naive one, which draws both",
            **_drawn(_pile(DIGITS, 0.8)),
            note=ONLY,
        ),
        Claim(
            id="F3.right",
            place="Figure 3, right",
            says="the GAN of round five draws more faces than a naive one, which draws both",
            **_drawn(_pile(FACES, 0.7)),
            note=ONLY,
        ),
        Claim(
            id="F8",
            says="60 % MNIST with 40 % Fashion-MNIST: round five is no cleaner than the pile",
            **_unclean(_round(_pile(DIGITS, 0.6), 4, "fig8")),
            note="the caption says Fashion-MNIST images stay, the text that the digits go: either is in the band",
        ),
        Claim(
            id="E2.gaussian",
            place="Appendix E.2",
            says="ITLM works well when the bad images are Gaussian noise (not shown there)",
            cells=_kept(_pile(NOISE, 0.7)),
            measure=last(SHARE),
            band=Band(95.0),
            why="nearly as clean as with Fashion-MNIST, 97; the 70 given lies outside",
            wrong=70.0,
            paper=_paper(NOISE),
        ),
    ]


def _drawn(pile):
    """That a GAN trained on S_4 draws more clean images than a naive one, on any pile."""
    return {
        "cells": beside("fig3", [{**pile, "method": "itlm"}], {"method": "baseline"}),
        "measure": gain("clean_like", "baseline"),
        "band": Band(5.0),
        "why": "share of drawn images that a classifier takes for clean ones; naive training gains 0",
        "wrong": 0.0,
        "paper": _paper(pile["pair"]),
    }


def _unclean(last_round):
    """That S_4 is no cleaner than a pile of 60 % clean MNIST images itself, whatever its size."""
    return {
        "place": "Figure 8",
        "cells": last_round,
        "measure": last(SHARE),
        "band": Band(high=65.0),
        "why": "no more than 5 points cleaner than the 60 % it is given; every bad image gone, 100, lies outside",
        "wrong": 100.0,
        "paper": _paper(DIGITS),
    }


# --- Table 5


def _table5():
    gains = [_table5_gain(clean, row) for (clean,), row in TABLE5.items()]
    return [*table_claims(TABLE5, _table5_cell, columns=OTHERS), *gains, *_table5_sentences()]


def _table5_cell(clean, method, share):
    return {
        "id": f"T5.{_given(clean):g}.{method}",
        "place": "Table 5",
        "says": f"{NAMES[DIGITS]}, {clean:.0%} clean: {method} keeps {share:.2f} % clean samples",
        "cells": _kept(_pile(DIGITS, clean), method),
        "measure": last(SHARE),
        **_near(share, clean),
        "paper": CENTROID if method == "centroid" else _paper(DIGITS),
        "note": SCALED if method == "centroid" else "",
    }


def _table5_gain(clean, row):
    printed = round(row["itlm"] - row["centroid"], 2)
    return Claim(
        id=f"T5.gain.{_given(clean):g}.centroid",
        says=f"{clean:.0%} clean: ITLM keeps a cleaner set than centroid",
        **_cleaner(_pile(DIGITS, clean)),
        note=SCALED,
        printed=printed,
        power=Power(effect=printed),
    )


def _cleaner(pile):
    """That ITLM keeps a cleaner set than centroid does, on any pile."""
    return {
        "place": "Appendix E.2",
        "cells": (*_kept(pile), *_kept(pile, "centroid")),
        "measure": gain(SHARE, "centroid"),
        "band": Band(0.0, strict=True),
        "why": "centroid itself gains 0",
        "wrong": 0.0,
        "paper": _paper(pile["pair"]),
    }


def _cleaner_than_given(frame):
    return float(frame[SHARE].iloc[-1]) - 100 * float(frame["clean"].iloc[-1])


def _table5_sentences():
    centroid = [{**_pile(DIGITS, clean), "method": "centroid"} for (clean,) in TABLE5]
    wins = Measure(
        lambda frames: float(sum(_cleaner_than_given(frame) > 0 for frame in frames)),
        "in how many of 3 settings what it keeps is cleaner than what it is given",
    )
    cleaner = [_pile(DIGITS, 0.8), _pile(DIGITS, 0.9)]
    return [
        Claim(
            id="T5.centroid",
            place="Appendix E.2",
            says="filtering by distance to the centroid does not work (images of one norm)",
            cells=cells("table5", *centroid),
            measure=wins,
            band=Band(0, 0),
            why="in none of the 3 settings; one that works has 3",
            wrong=3.0,
            printed=0.0,
            paper=CENTROID,
            note=SCALED,
        ),
        Claim(
            id="T5.alpha",
            place="Section 6.3",
            says="ITLM is not sensitive to alpha: 20 points below alpha*, 80 and 90 % clean",
            cells=tuple(part for pile in cleaner for part in (*_kept(pile), *_kept(pile, "delta-alpha-20"))),
            measure=largest_loss(SHARE, 2, "delta-alpha-20"),
            band=Band(high=5.0),
            why="a loss of 5 points; printed 2.23 at most; down to the share given, 80, it would lose 20",
            wrong=20.0,
            printed=2.23,
            paper=_paper(DIGITS),
            note="at 70 % clean the table's own loss is 13.4 points",
        ),
        Claim(
            id="T5.alpha80",
            says="80 % clean, alpha 60 %: almost all bad samples are ignored",
            **_ignored(_pile(DIGITS, 0.8)),
            printed=97.77,
        ),
    ]


def _ignored(pile):
    """That 60 % kept of a pile of 80 % clean images are clean, whatever its size."""
    return {
        "place": "Appendix E.2",
        "cells": _kept(pile, "delta-alpha-20"),
        "measure": last(SHARE),
        "band": Band(95.0),
        "why": "a quarter of the bad samples left; the share given, 80, lies outside",
        "wrong": 80.0,
        "paper": _paper(pile["pair"]),
    }


# --- the same on 6,000 images: ours, since the paper prints nothing at that size


def _small():
    figure1 = observation("c", ON_SMALL, _small_pile(0.7), paper=_paper(DIGITS), note=OUR_SIZE)
    return [
        *(replace(claim, id=f"small.{claim.id}") for claim in figure1),
        *_small_table3(),
        *_small_table5(),
        *_small_figures(),
    ]


def _small_table3():
    return [
        Claim(
            id="small.T3.80",
            place="Table 3",
            says=f"{ON_SMALL}, 80 % clean: five rounds reach 99 % clean samples",
            cells=_kept(_small_pile(0.8)),
            measure=last(SHARE),
            band=Band(99.0),
            why="on all of MNIST the table prints 100; the share given, 80, lies outside",
            wrong=80.0,
            paper=_paper(DIGITS),
            note=OUR_SIZE,
        ),
        Claim(
            id="small.T3.80.better",
            says=f"{ON_SMALL}, 80 % clean: what ITLM keeps is cleaner than what it is given",
            **_better(_small_pile(0.8)),
            note=OUR_SIZE,
        ),
        Claim(
            id="small.T3.80.rises",
            says=f"{ON_SMALL}, 80 % clean: the share grows over the rounds",
            **_rising(_small_pile(0.8)),
            note=OUR_SIZE,
        ),
    ]


def _small_table5():
    return [
        Claim(
            id="small.T5.gain.centroid",
            says=f"{ON_SMALL}, 80 % clean: ITLM keeps a cleaner set than centroid",
            **_cleaner(_small_pile(0.8)),
            note=f"{OUR_SIZE}; {SCALED}",
        ),
        Claim(
            id="small.T5.centroid",
            place="Appendix E.2",
            says=f"{ON_SMALL}: filtering by distance to the centroid does not work (images of one norm)",
            cells=_kept(_small_pile(0.8), "centroid"),
            measure=last(SHARE),
            band=Band(high=80.0),
            why="what it keeps is no cleaner than what it is given; every bad image gone, 100, lies outside",
            wrong=100.0,
            paper=CENTROID,
            note=f"{OUR_SIZE}; {SCALED}",
        ),
        Claim(
            id="small.T5.alpha",
            says=f"{ON_SMALL}, 80 % clean, alpha 60 %: almost all bad samples are ignored",
            **_ignored(_small_pile(0.8)),
            note=OUR_SIZE,
        ),
    ]


def _small_figures():
    return [
        Claim(
            id="small.F3",
            place="Figure 3",
            says=f"{ON_SMALL}: a GAN trained on S_4 draws more digits than a naive one",
            **_drawn(_small_pile(0.8)),
            note=f"{OUR_SIZE}; the judge takes 81 % of real digits for digits, and 36 to 39 % of what a GAN of clean "
            "images alone draws after 2,000 to 4,800 steps (seed 0)",
        ),
        Claim(
            id="small.F8",
            says=f"{ON_SMALL}, 60 % clean: round five is no cleaner than the pile",
            **_unclean(_round(_small_pile(0.6), 4, "fig8")),
            note=f"{OUR_SIZE}; rounds of 500 steps fail, see small.F8.long",
        ),
    ]


# --- how long a round is trained: ours, since the paper tells no length


def _lengths():
    pile, steps = _small_pile(0.8, SWEPT), 500
    long = cells("fig8-length", {**_small_pile(0.6, SWEPT), "steps": steps, "round": 4})
    return [
        Claim(
            id="small.length",
            place="Section 6.3",
            says=f"{ON_SWEPT}, 80 % clean: a round that ends early keeps a cleaner set than one of 1,000 steps",
            cells=cells("gan-length", pile),
            measure=of_rows(_early, "clean share of S_0 where the rule ends less that of the last look, points"),
            band=Band(5.0),
            why="a quarter of the 20 points that are bad; a length that does not matter gives 0",
            wrong=0.0,
            paper=_paper(DIGITS),
            note=OUR_SIZE,
        ),
        Claim(
            id="small.F8.long",
            says=f"{ON_SWEPT}, 60 % clean, {steps} steps a round: round five is no cleaner than the pile",
            **_unclean(long),
            note=f"{OUR_SIZE}; rounds that end by the rule succeed, see small.F8",
        ),
    ]


def _early(frame):
    return float(ended(frame)[SHARE] - frame[SHARE].iloc[-1])
