"""Claims on backdoor attacks: Figure 1(d), section 6.4, Figure 4 and Table 4; the same on MNIST, which needs no GPU."""

from dataclasses import replace

from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import gain, metric
from itlm_kit.ledger.observation import observation
from itlm_kit.ledger.printed import TABLE4

PIXELS = {"X": 5, "L": 3}  # that the attack's own code overwrites
MNIST = (("1->2", "X"), ("1->8", "L"))
MARKED = "the attack's own code overwrites this many pixels"


def claims():
    figure1 = observation("d", "250 watermarked images in CIFAR-10", {"data": "cifar10"}, {})
    pairs = [claim for (pair, shape), row in TABLE4.items() for claim in _pair(pair, shape, row)]
    mnist = [claim for pair, shape in MNIST for claim in _mnist_pair(pair, shape)]
    return [*figure1, *_mnist_figure1(), *_figure4(), *pairs, *mnist]


def _cell(pair, shape, method, data="cifar10"):
    return {"data": data, "pair": pair, "shape": shape, "method": method}


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


def _mnist_figure1():
    found = observation("d", "watermarked images in MNIST", {"data": "mnist"}, {"data": "cifar10"})
    return [replace(claim, id=f"{claim.id}.mnist") for claim in found]


def _mnist_pair(pair, shape):
    """Table 4 and its sentences on MNIST with the two-layer network, where the paper has no figures."""
    naive, itlm = _cell(pair, shape, "naive", "mnist"), _cell(pair, shape, "itlm", "mnist")
    tag, words, departs = f"T4.mnist.{pair}", f"MNIST, {pair} with an {shape}", {"data": "cifar10"}
    return [
        Claim(f"{tag}.naive", "Table 4", f"{words}: naive training follows the watermark",
              metric("table4", naive, "attack_success"), Band(90.0), "at least 90 %; the table prints 96.3 and more",
              paper=departs),
        Claim(f"{tag}.itlm", "Table 4", f"{words}: with ITLM the attack hardly succeeds",
              metric("table4", itlm, "attack_success"), Band(high=5.0),
              "5 %: as good as gone; naive training has about 90", baseline=90.0, paper=departs),
        Claim(f"{tag}.clean", "Table 4", f"{words}: ITLM costs no accuracy on clean test images",
              gain("table4", itlm, {"method": "naive"}, "clean_accuracy"), Band(-1.0),
              "within a point; the table's largest loss is 0.53", paper=departs),
        Claim(f"{tag}.filtered", "Section 6.4", f"{words}: most of the injected samples are filtered out",
              metric("table4", itlm, "bad_removed"), Band(50.0, strict=True),
              "more than half of them, in percent; naive training removes 0", baseline=0.0, paper=departs),
        Claim(f"{tag}.early", "Section 6.4", f"{words}: without early stopping the performance is poor",
              gain("table4", {**itlm, "method": "itlm-late"}, {"method": "itlm"}, "attack_success"),
              Band(20.0), "full training in every round: the attack succeeds at least 20 points more often",
              paper=departs),
    ]  # fmt: skip


def _figure4():
    return [
        Claim(f"F4.{shape}", "Figure 4", f"the {shape} watermark is a few pixels in an otherwise unchanged image",
              metric("fig4", {"shape": shape}, "pixels"), Band(pixels, pixels), MARKED)
        for shape, pixels in PIXELS.items()
    ]  # fmt: skip
