"""Claims on mixed images: Figure 1(c), section 6.3, Figures 3 and 8, Tables 3 and 5, appendix E.2."""

from dataclasses import replace

from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import gain, largest_loss, metric, of_rows, wins
from itlm_kit.ledger.observation import observation
from itlm_kit.ledger.printed import TABLE3, TABLE5, TABLE5_METHODS

NAMES = {"mnist+fashion_mnist": "MNIST with Fashion-MNIST", "celeba+cifar10": "CelebA with CIFAR-10"}
TAGS = {"mnist+fashion_mnist": "mnist", "celeba+cifar10": "celeba"}
DIGITS, FACES = NAMES
CLOSE = 5.0  # points: GAN rounds differ more between seeds than classifiers do
IMAGES = {DIGITS: 60_000, FACES: 10_000, "mnist+gaussian": 60_000}  # clean ones; the faces are all that we have
ALL_FACES = {"images": 202_599}
SMALL = 6000  # images, clean and bad, of a pile that a CPU can do
ON_SMALL = "6,000 images of MNIST with Fashion-MNIST"
OUR_SIZE = "a smaller pile than the paper's, which prints nothing for it"


def claims():
    figure1 = observation("c", "GAN on 70 % MNIST with 30 % Fashion-MNIST", _pile(DIGITS, 0.7), {})
    return [*figure1, *_table3(), *_figures(), *_table5(), *_small()]


def _pile(pair, clean):
    return {"pair": pair, "images": IMAGES[pair], "clean": clean}


def _cell(pair, clean, method="itlm"):
    return {**_pile(pair, clean), "method": method}


def _small_cell(clean, method="itlm"):
    return {**_cell(DIGITS, clean, method), "images": round(SMALL * clean)}


def _paper(pair):
    return ALL_FACES if pair == FACES else {}


def _table3():
    return [
        claim
        for (pair, clean), shares in TABLE3.items()
        for claim in (*_rounds(pair, clean, shares), *_improvement(pair, clean, shares))
    ]


def _rounds(pair, clean, shares):
    tag = f"T3.{TAGS[pair]}.{round(100 * clean)}"
    for t, share in enumerate(shares):
        yield Claim(
            f"{tag}.iter{t + 1}", "Table 3", f"{NAMES[pair]}, {clean:.0%} clean: S_{t} is {share:.2f} % clean",
            metric("table3", {**_cell(pair, clean), "round": t}, "clean_share"),
            Band(share - CLOSE), "within 5 points of the printed share or above it", share, paper=_paper(pair),
            note="the table's iter-1 is below the share it starts from" if share < 100 * clean else "",
        )  # fmt: skip


def _improvement(pair, clean, shares):
    tag, given = f"T3.{TAGS[pair]}.{round(100 * clean)}", round(100 * clean, 6)
    yield Claim(
        f"{tag}.better", "Section 6.3", 
        f"{NAMES[pair]}, {clean:.0%} clean: what ITLM keeps is cleaner than what it is given",
        metric("table3", {**_cell(pair, clean), "round": 4}, "clean_share"),
        Band(given + (100 - given) / 4), "at least a quarter of the bad samples gone; the share given lies outside",
        shares[-1], given, _paper(pair),
    )  # fmt: skip
    yield Claim(
        f"{tag}.rises", "Section 6.3", f"{NAMES[pair]}, {clean:.0%} clean: the share grows over the rounds",
        of_rows("table3", _cell(pair, clean), _rise, "clean share of S_4 less that of S_0, points"),
        Band(0.0, strict=True), "rounds that change nothing give 0; one step of ITLM is their start",
        round(shares[-1] - shares[0], 2), 0.0, _paper(pair),
        note="" if sorted(shares) == list(shares) else "not round by round: the table's own share falls at iter-4",
    )  # fmt: skip


def _rise(frame):
    rounds = frame.groupby("round")["clean_share"].median()
    return rounds[4] - rounds[0]


def _figures():
    cases = {"left": (DIGITS, 0.8, "digits"), "right": (FACES, 0.7, "faces")}
    figure3 = [
        Claim(
            f"F3.{side}", f"Figure 3, {side}", f"the GAN of round five draws {what} only, a naive one draws both",
            gain("fig3", _cell(pair, clean), {"method": "baseline"}, "clean_like"),
            Band(5.0), "share of drawn images that a classifier takes for clean ones; naive training gains 0",
            baseline=0.0, paper=_paper(pair),
        )
        for side, (pair, clean, what) in cases.items()
    ]  # fmt: skip
    return [
        *figure3,
        Claim(
            "F8", "Figure 8", "60 % MNIST with 40 % Fashion-MNIST: round five still has the wrong images",
            metric("fig8", {**_cell(DIGITS, 0.6), "round": 4}, "clean_share"),
            Band(high=65.0), "no more than 5 points cleaner than the 60 % it is given",
            note="the caption says Fashion-MNIST images stay, the text that the digits go: either is in the band",
        ),
        Claim(
            "E2.gaussian", "Appendix E.2", "ITLM works well when the bad images are Gaussian noise (not shown there)",
            metric("table3", {**_cell("mnist+gaussian", 0.7), "round": 4}, "clean_share"),
            Band(95.0), "nearly as clean as with Fashion-MNIST, 97; the 70 given lies outside", baseline=70.0,
        ),
    ]  # fmt: skip


def _table5():
    return [
        *(
            _table5_cell(clean, method, share)
            for clean, row in TABLE5.items()
            for method, share in zip(TABLE5_METHODS, row, strict=True)
        ),
        *_table5_sentences(),
    ]


def _table5_cell(clean, method, share):
    open_above = method == "itlm" or method.startswith("delta")
    band, why = Band(share - CLOSE, share + CLOSE), "within 5 points"
    if method == "baseline":
        band, why = Band(share - 0.1, share + 0.1), "it keeps everything: the share given, but for rounding"
    elif open_above:
        band, why = Band(share - CLOSE), "within 5 points or above"
    return Claim(
        f"T5.{round(100 * clean)}.{method}", "Table 5",
        f"{NAMES[DIGITS]}, {clean:.0%} clean: {method} keeps {share:.2f} % clean samples",
        metric("table5", _cell(DIGITS, clean, method), "clean_share"), band, why, share,
    )  # fmt: skip


def _table5_sentences():
    cells = [_cell(DIGITS, clean) for clean in TABLE5]
    return [
        *(
            Claim(
                f"T5.gain.{round(100 * clean)}.{method}", "Appendix E.2",
                f"{clean:.0%} clean: ITLM keeps a cleaner set than {method}",
                gain("table5", _cell(DIGITS, clean), {"method": method}, "clean_share"),
                Band(0.0, strict=True), f"{method} itself gains 0",
                round(row[1] - row[TABLE5_METHODS.index(method)], 2), 0.0,
            )
            for clean, row in TABLE5.items()
            for method in ("baseline", "1-step", "centroid")
        ),
        Claim(
            "T5.centroid", "Appendix E.2", "filtering by distance to the centroid does not work",
            wins("table5", [{**c, "method": "centroid"} for c in cells], {"method": "baseline"}, "clean_share"),
            Band(0, 0), "in none of the 3 settings is what it keeps cleaner than what it is given", 0.0,
        ),
        Claim(
            "T5.alpha", "Section 6.3", "ITLM is not sensitive to alpha: 20 points below alpha*, 80 and 90 % clean",
            largest_loss("table5", cells[1:], {"method": "delta-alpha-20"}, "clean_share"),
            Band(high=5.0), "a loss of 5 points; printed 2.23 at most", 2.23,
            note="at 70 % clean the table's own loss is 13.4 points",
        ),
        Claim(
            "T5.alpha80", "Appendix E.2", "80 % clean, alpha 60 %: almost all bad samples are ignored",
            metric("table5", _cell(DIGITS, 0.8, "delta-alpha-20"), "clean_share"),
            Band(95.0), "a quarter of the bad samples left; the share given, 80, lies outside", 97.77, 80.0,
        ),
    ]  # fmt: skip


def _small():
    """The same on 6,000 images: ours, since the paper prints nothing at that size."""
    pile = {key: value for key, value in _small_cell(0.7).items() if key != "method"}
    given, cell = 80.0, _small_cell(0.8)
    return [
        *(replace(claim, id=f"small.{claim.id}", note=OUR_SIZE) for claim in observation("c", ON_SMALL, pile, {})),
        Claim(
            "small.T3.80", "Table 3", f"{ON_SMALL}, 80 % clean: five rounds reach 99 % clean samples",
            metric("table3", {**cell, "round": 4}, "clean_share"), Band(99.0),
            "on all of MNIST the table prints 100; the share given, 80, lies outside", baseline=given,
            note=f"{OUR_SIZE}; tried beside it: alpha 15 or 20 points below the clean share, with which all three "
            "seeds reach 99.4 or more (table5)",
        ),
        Claim(
            "small.T3.80.rises", "Section 6.3", f"{ON_SMALL}, 80 % clean: the share grows over the rounds",
            of_rows("table3", cell, _rise, "clean share of S_4 less that of S_0, points"),
            Band(0.0, strict=True), "rounds that change nothing give 0; one step of ITLM is their start",
            baseline=0.0, note=OUR_SIZE,
        ),
        *(
            Claim(
                f"small.T5.gain.{method}", "Appendix E.2",
                f"{ON_SMALL}, 80 % clean: ITLM keeps a cleaner set than {method}",
                gain("table5", cell, {"method": method}, "clean_share"),
                Band(0.0, strict=True), f"{method} itself gains 0", baseline=0.0, note=OUR_SIZE,
            )
            for method in ("baseline", "1-step", "centroid")
        ),
        Claim(
            "small.T5.centroid", "Appendix E.2", f"{ON_SMALL}: filtering by distance to the centroid does not work",
            metric("table5", _small_cell(0.8, "centroid"), "clean_share"),
            Band(high=given), "what it keeps is no cleaner than what it is given", note=OUR_SIZE,
        ),
        Claim(
            "small.T5.alpha", "Appendix E.2", f"{ON_SMALL}, 80 % clean, alpha 60 %: almost all bad samples are ignored",
            metric("table5", _small_cell(0.8, "delta-alpha-20"), "clean_share"),
            Band(95.0), "a quarter of the bad samples left; the share given lies outside", baseline=given,
            note=OUR_SIZE,
        ),
        Claim(
            "small.F3", "Figure 3", f"{ON_SMALL}: a GAN trained on S_4 draws more digits than a naive one",
            gain("fig3", cell, {"method": "baseline"}, "clean_like"),
            Band(5.0), "share of drawn images that a classifier takes for digits; naive training gains 0",
            baseline=0.0, note=OUR_SIZE,
        ),
        Claim(
            "small.F8", "Figure 8", f"{ON_SMALL}, 60 % clean: round five still has the wrong images",
            metric("fig8", {**_small_cell(0.6), "round": 4}, "clean_share"),
            Band(high=65.0), "no more than 5 points cleaner than the 60 % it is given", note=OUR_SIZE,
        ),
    ]  # fmt: skip
