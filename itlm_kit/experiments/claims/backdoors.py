"""Claims on backdoor attacks: Figure 1(d), section 6.4, Figure 4 and Table 4."""

from itlm_kit.experiments.claims.claim import Band, Claim
from itlm_kit.experiments.claims.label_noise import observation
from itlm_kit.experiments.claims.measures import gain, metric
from itlm_kit.experiments.published import TABLE4

PIXELS = {"X": 5, "L": 3}  # that the attack's own code overwrites
MARKED = "the attack's own code overwrites this many pixels"


def claims():
    figure1 = observation("d", "250 watermarked images in CIFAR-10", {"data": "cifar10"}, {})
    pairs = [claim for (pair, shape), row in TABLE4.items() for claim in _pair(pair, shape, row)]
    return [*figure1, *_figure4(), *pairs]


def _cell(pair, shape, method):
    return {"data": "cifar10", "pair": pair, "shape": shape, "method": method}


def _pair(pair, shape, row):
    naive, itlm = _cell(pair, shape, "naive"), _cell(pair, shape, "itlm")
    tag, words = f"T4.{pair}", f"{pair} with an {shape}"
    accuracy, attack, itlm_accuracy, itlm_attack = row
    return [
        Claim(f"{tag}.naive.test1", "Table 4", f"{words}: naive training reaches {accuracy} % on clean test images",
              metric("table4", naive, "clean_accuracy"), Band(accuracy - 3), "within 3 points or above", accuracy),
        Claim(f"{tag}.naive.test2", "Table 4", f"{words}: naive training follows the watermark in {attack} %",
              metric("table4", naive, "attack_success"), Band(attack - 5), "within 5 points or above", attack),
        Claim(f"{tag}.itlm.test1", "Table 4", f"{words}: ITLM reaches {itlm_accuracy} % on clean test images",
              metric("table4", itlm, "clean_accuracy"), Band(itlm_accuracy - 3), "within 3 points or above",
              itlm_accuracy),
        Claim(f"{tag}.itlm.test2", "Table 4", f"{words}: with ITLM the attack succeeds in {itlm_attack} %",
              metric("table4", itlm, "attack_success"), Band(high=5.0),
              f"5 %: as good as gone; naive training's {attack} lies outside", itlm_attack, attack,
              note="the text says zero, the table prints 0.10 to 1.30"),
        Claim(f"{tag}.filtered", "Section 6.4", f"{words}: most of the injected samples are filtered out",
              metric("table4", itlm, "bad_removed"), Band(50.0, strict=True),
              "more than half of them, in percent; naive training removes 0", baseline=0.0),
        Claim(f"{tag}.early", "Section 6.4", f"{words}: without early stopping the performance is poor",
              gain("table4", {**itlm, "method": "itlm-late"}, {"method": "itlm"}, "attack_success"),
              Band(20.0), "full training in every round: the attack succeeds at least 20 points more often"),
    ]  # fmt: skip


def _figure4():
    return [
        Claim(f"F4.{shape}", "Figure 4", f"the {shape} watermark is a few pixels in an otherwise unchanged image",
              metric("fig4", {"shape": shape}, "pixels"), Band(pixels, pixels), MARKED)
        for shape, pixels in PIXELS.items()
    ]  # fmt: skip
