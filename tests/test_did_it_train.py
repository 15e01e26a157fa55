"""Whether a model trained, told by its calls and losses: planted faults are named, honest models are left alone."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from itlm_kit import Classes, InputError, TrajectoryRecorder, choose_alpha, choosing, data, rank_suspects
from itlm_kit.trajectories import DidNotTrain, diagnose, diagnose_calls, dropped_by_class, heavy_losses
from itlm_kit.trajectories.did_it_train import LEVEL, _chance
from itlm_kit.vision import out_of_sample as judges
from itlm_kit.vision.models import two_layer_cnn
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.recording import record_training
from itlm_kit.vision.training import Recipe, Samples

NAMES, BETTER, FALL = "It names", "It agrees with", "Its losses do not fall"  # how the faults begin


def labels(n, classes, seed=0):
    return np.random.default_rng(seed).integers(0, classes, n)


def mostly(given, share, classes, seed=1):
    """Calls that are the given label for about that share of the samples, and else any label."""
    rng = np.random.default_rng(seed)
    right = rng.random(len(given)) < (share * classes - 1) / (classes - 1)
    return np.where(right, given, rng.integers(0, classes, len(given)))


def recorded(calls, given, losses=None):
    """A recording of calls (epochs, n), with losses (epochs,) or (epochs, n) that fall by default."""
    n, mine = len(given), TrajectoryRecorder(len(given), len(calls))
    losses = np.linspace(2, 1, len(calls)) if losses is None else losses
    for epoch, (called, loss) in enumerate(zip(calls, losses, strict=True)):
        mine.record(epoch, np.arange(n), np.broadcast_to(loss, n), called == given, called=called, given=given)
    return mine


def starts(found):
    """Which faults are found, each by its first words."""
    return [next(word for word in (NAMES, BETTER, FALL) if fault.startswith(word)) for fault in found.faults]


# --- what calls say


HONEST = {
    "weak, ten classes": (labels(1000, 10), 0.62, 10),
    "very weak, ten classes": (labels(1000, 10), 0.25, 10),
    "two classes, 60 samples": (labels(60, 2), 0.8, 2),
    "perfect, a hundred classes of ten": (np.arange(1000) % 100, 1.0, 100),
    "right half of the time, a hundred classes of ten": (np.arange(1000) % 100, 0.5, 100),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", HONEST)
def test_honest_models_are_left_alone(case, seed):
    given, share, classes = HONEST[case]
    called = mostly(given, share, classes, seed=seed)
    found = diagnose_calls(called, given)
    assert found.ok, str(found)
    assert found.agreement == (called == given).mean() and (found.classes_named, found.classes) == (classes, classes)
    assert diagnose(recorded([called] * 4, given)) == found


def imbalanced(right):
    """600 labels, 30 of them of the rare class; calls wrong for four common ones and right for `right` rare ones."""
    given = np.repeat([0, 1], [570, 30])
    called = np.repeat([0, 1, 1, 0], [566, 4, right, 30 - right])
    return called, given


def test_a_rare_class_found_is_better_than_the_largest_class_alone():
    called, given = imbalanced(right=12)
    found = diagnose_calls(called, given)
    assert found.ok and found.largest_share == 0.95 and found.agreement == pytest.approx(578 / 600)


def test_calling_all_by_the_majority_is_told_however_often_it_agrees():
    _, given = imbalanced(right=0)
    found = diagnose_calls(np.zeros(600, int), given)
    assert starts(found) == [NAMES, BETTER] and found.agreement == found.largest_share == 0.95
    assert starts(diagnose_calls(*imbalanced(right=3))) == [BETTER]  # 3 right and 4 wrong calls: less than nothing won


@pytest.mark.parametrize("classes, dead", [(2, 1), (4, 2), (10, 0)])
def test_a_dead_network_calls_all_by_one_class(classes, dead):
    given = labels(600, classes)
    found = diagnose_calls(np.full(600, dead), given)
    assert starts(found) == [NAMES, BETTER] and (found.classes_named, found.classes) == (1, classes)
    others = ", ".join(str(c) for c in range(classes) if c != dead)
    assert f"It names 1 of {classes} classes; missing in what it calls: {others}. Lower the step size" in str(found)
    assert "standardise the inputs" in found.faults[0] and "samples and labels are in the same order" in found.faults[1]


def test_a_class_never_named_is_told_with_the_users_word_for_it():
    given = np.array(["ant", "bee", "cow", "dog"])[labels(600, 4)]
    called = np.where(given == "cow", "bee", given)
    found = diagnose_calls(called, given)
    assert starts(found) == [NAMES] and "3 of 4 classes; missing in what it calls: cow. Lower" in str(found)
    assert (found.classes_named, found.classes) == (3, 4)


@pytest.mark.parametrize("rare, told", [(6, False), (7, True)])
def test_few_samples_may_miss_a_class_by_chance(rare, told):
    given = np.repeat([0, 1, 2], [20, 20, rare])
    assert starts(diagnose_calls(np.where(given == 2, 0, given), given)) == [NAMES] * told


@pytest.mark.parametrize("rare, told", [(19, False), (21, True)])
def test_a_class_below_a_tenth_of_an_even_share_may_be_missed(rare, told):
    given = np.repeat([0, 1, 2], [300, 300 - rare, rare])
    assert starts(diagnose_calls(np.where(given == 2, 0, given), given)) == [NAMES] * told


def test_shuffled_labels_agree_no_more_than_chance():
    rng = np.random.default_rng(0)
    found = [diagnose_calls(*rng.integers(0, 4, (2, 600))) for _ in range(200)]
    told = [each for each in found if starts(each) == [BETTER]]
    assert len(told) >= 195 and all("samples and labels are in the same order" in str(each) for each in told)
    assert any("the same calls dealt out by chance may agree with" in str(each) for each in told)


def test_chance_is_that_of_shuffled_calls():
    """Against 20,000 shuffles, for classes and calls of unequal sizes: passed about once in a hundred."""
    rng = np.random.default_rng(0)
    given, called = np.repeat([0, 1, 2], [150, 40, 10]), np.repeat([0, 1, 2], [120, 60, 20])
    shuffled = np.array([(rng.permutation(called) == given).mean() for _ in range(20_000)])
    passed = (shuffled > _chance(np.bincount(given), np.bincount(called) / 200)).mean()
    assert passed == pytest.approx(LEVEL, abs=0.006)


def test_too_few_samples_for_any_agreement_to_tell():
    """Six calls at even odds may all be right by chance, at one in 64; seven at one in 128."""
    for n, told in ((6, []), (8, [BETTER])):
        given = np.arange(n) % 2
        assert starts(diagnose_calls(1 - given, given)) == told
    assert diagnose_calls([0, 0, 0, 0], [0, 0, 0, 1]).ok


def test_calls_are_matched_as_the_labels_are():
    text = np.array(["no", "yes"])[labels(100, 2)]
    numbers = labels(100, 2)
    for given in (text, text.astype(object), pd.Series(text), torch.as_tensor(numbers), numbers - 1, 10 * numbers):
        found = diagnose_calls(given, given)
        assert found.ok and found.agreement == 1 and found.classes == 2
    found = diagnose_calls([None, *text, "no"], ["yes", *text, None])
    assert found.ok and found.agreement == 1
    assert diagnose_calls(np.where(numbers == 0, 0, 5), 10 * numbers).classes_named == 1  # 5 is nobody's label


def test_calls_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="called, given and fold must have one value per sample; got 2, 3 and 3"):
        diagnose_calls([0, 1], [0, 1, 1])
    with pytest.raises(InputError, match="called and given must be of one kind"):
        diagnose_calls([0, 1], ["0", "1"])
    with pytest.raises(InputError, match="got 2, 2 and 1 of them"):
        diagnose_calls([0, 1], [0, 1], fold=[0])


def test_nothing_known_is_said_to_be_so():
    for found in (diagnose_calls([None], [None]), diagnose(np.ones(9))):
        assert found.ok and found.agreement is None and "are not known" in str(found)
    assert "It agrees with 100 % of the given labels, where the largest class has 50 %, and names 2 of 2" in str(
        diagnose_calls([0, 1], [0, 1])
    )


@pytest.mark.parametrize("n_dead", [1, 4])
def test_a_dead_model_among_five_is_told(n_dead):
    given, fold = labels(600, 4), np.arange(600) % 5
    called = np.where(fold < n_dead, 2, mostly(given, 0.8, 4))
    assert diagnose_calls(called, given).agreement > 0.3 and diagnose_calls(called, given).ok
    (fault,) = diagnose_calls(called, given, fold=fold).faults
    assert fault.startswith(f"{n_dead} of 5 models name fewer classes than there are") and "Lower the step" in fault
    assert diagnose_calls(mostly(given, 0.8, 4), given, fold=fold).ok


def test_models_that_miss_a_rare_class_as_well_as_the_others_are_not_dead():
    given, fold = np.repeat([0, 1], [950, 50]), np.arange(1000) % 5
    called = np.where((given == 1) & (fold > 0) & (np.arange(1000) % 2 == 0), 1, 0)
    assert diagnose_calls(called, given, fold=fold).ok


# --- what recordings say


def test_a_dead_network_that_calls_another_class_each_epoch_is_told():
    """Each of the four classes is named in some epoch, none in most."""
    given = labels(600, 4)
    found = diagnose(recorded([np.full(600, epoch % 4) for epoch in range(12)], given))
    assert starts(found) == [NAMES, BETTER] and found.classes_named == 1
    assert "missing in most of the last epochs: 0, 1, 2, 3" in str(found)


def test_one_bad_epoch_among_the_last_is_none():
    given = labels(600, 4)
    calls = [mostly(given, 0.8, 4, seed=epoch) for epoch in range(12)]
    for bad in range(8, 12):
        assert diagnose(recorded([*calls[:bad], np.zeros(600, int), *calls[bad + 1 :]], given)).ok


def test_the_last_epochs_count():
    given = labels(600, 4)
    dead, good = np.zeros(600, int), mostly(given, 0.8, 4)
    late = recorded([dead] * 4 + [good] * 2, given)
    assert diagnose(late).ok and starts(diagnose(late, epochs=4)) == [NAMES, BETTER]
    with pytest.warns(DidNotTrain, match="A list of the first 4 epochs says little"):
        rank_suspects(late, epochs=4)
    with warnings.catch_warnings(action="error"):
        rank_suspects(late)
    assert starts(diagnose(recorded([good] * 4 + [dead] * 2, given))) == [NAMES, BETTER]


def test_samples_not_seen_are_left_out():
    given, mine = labels(600, 4), TrajectoryRecorder(900, 3)
    for epoch in range(3):
        seen = np.random.default_rng(epoch).permutation(600)[:400]  # the last 300 of 900 never
        called = mostly(given[seen], 0.7, 4, seed=epoch)
        mine.record(epoch, seen, np.full(400, 1 / (epoch + 1)), called == given[seen], called=called, given=given[seen])
    found = diagnose(mine)
    assert found.ok and found.agreement == pytest.approx(0.7, abs=0.05) and found.classes == 4


def test_outputs_without_a_softmax_agree_with_nothing():
    given = labels(100, 4)
    mine = TrajectoryRecorder(100, 1)
    with warnings.catch_warnings(action="ignore"):
        mine.record_logits(0, np.arange(100), np.full((100, 4), np.nan), given)
    found = diagnose(mine)
    assert starts(found) == [BETTER] and found.agreement == 0 and found.classes_named is None


def test_correctness_and_labels_from_elsewhere_are_enough_to_see_a_dead_network():
    given, mine = labels(100, 4), TrajectoryRecorder(100, 1)
    mine.record(0, np.arange(100), np.ones(100), given == 1)
    assert diagnose(mine).ok and starts(diagnose(mine, given=given)) == [BETTER]
    with pytest.warns(DidNotTrain, match="It agrees with 2. % of the given labels; to call all of them"):
        rank_suspects(mine, given=given)


def test_losses_that_rise_are_told_of_bare_losses():
    falling = np.linspace(2, 1, 9)[:, None] * np.random.default_rng(0).lognormal(size=50)
    assert diagnose(falling).ok
    (fault,) = diagnose(falling[::-1]).faults
    assert fault.startswith(FALL) and fault.endswith("say to a third, and record from the first epoch on.")
    assert starts(diagnose(np.ones((9, 50)))) == [FALL] and diagnose(np.zeros((9, 50))).ok
    assert diagnose(falling[::-1][:1]).ok and diagnose(falling[::-1][0]).ok  # one epoch cannot tell
    assert diagnose(falling[::-1][:, :6]).ok and not diagnose(falling[::-1][:, :7]).ok  # nor can six samples


def test_the_mean_or_the_median_is_enough():
    """Where most labels are wrong the typical loss may rise while the mean falls; one outlier may hide the median's."""
    rise, fall = np.linspace(1, 1.2, 6)[:, None], np.linspace(3, 1, 6)[:, None]
    mostly_bad = np.hstack([np.repeat(rise, 70, 1), np.repeat(fall, 30, 1)])
    assert diagnose(mostly_bad).ok and not diagnose(mostly_bad[:, :70]).ok
    outlier = np.hstack([np.repeat(fall, 99, 1), 1e6 * rise])
    infinite = np.hstack([np.repeat(fall, 99, 1), [[1]] * 3 + [[np.inf]] * 3])
    assert diagnose(outlier).ok and diagnose(infinite).ok
    assert not diagnose(np.hstack([rise] * 9 + [np.full((6, 1), np.inf)])).ok


def test_a_sample_is_compared_with_itself():
    """Hard samples that come in the last epochs alone do not make the losses rise."""
    losses = np.repeat(np.linspace(2, 1, 6)[:, None], 20, 1)
    hard = np.where(np.arange(6)[:, None] < 4, np.nan, np.full((6, 30), 9.0))
    assert diagnose(np.hstack([losses, hard])).ok
    assert diagnose(np.hstack([np.where(np.isnan(hard), 1, np.nan), hard])).ok  # none was seen early and late


def test_regression_that_diverges_is_told():
    residuals = np.random.default_rng(0).standard_normal(200) ** 2
    assert starts(diagnose(np.outer(1.5 ** np.arange(8), residuals))) == [FALL]
    assert diagnose(np.outer(0.5 ** np.arange(8), residuals)).ok


def test_a_converged_model_has_nothing_left_to_learn():
    given, rng = labels(600, 4), np.random.default_rng(0)
    good = mostly(given, 0.8, 4)
    wavering = 0.5 + 0.01 * rng.standard_normal(9)
    assert all(diagnose(recorded([good] * 9, given, losses=losses)).ok for losses in (wavering, wavering[::-1]))


def test_a_model_that_falls_apart_is_told():
    given = labels(600, 4)
    calls = [mostly(given, share, 4) for share in np.linspace(0.9, 0.5, 9)]
    assert starts(diagnose(recorded(calls, given, losses=np.linspace(1, 9, 9)))) == [FALL]
    assert starts(diagnose(recorded([np.zeros(600, int)] * 9, given, losses=np.linspace(1, 9, 9)))) == [
        NAMES, BETTER, FALL,
    ]  # fmt: skip


# --- who asks


def dead(n=600, classes=4):
    given = labels(n, classes)
    return recorded([np.full(n, 1)] * 4, given), given


def test_a_list_from_a_dead_network_warns_at_the_users_line():
    mine, _ = dead()
    with pytest.warns(
        DidNotTrain, match="This list says little: .* It names 1 of 4 classes; .*: cat, cow, eel"
    ) as told:
        rank_suspects(mine, classes=Classes([5, 6, 7, 8], ["cat", "dog", "cow", "eel"]))
    assert len(told) == 1 and told[0].filename == __file__ and issubclass(DidNotTrain, UserWarning)
    with pytest.warns(
        DidNotTrain, match=r"A list of the first 2 epochs says little: .*: 0, 2, 3\. Lower the step size"
    ):
        rank_suspects(mine, epochs=2)
    with pytest.warns(DidNotTrain, match="Its losses do not fall"):
        rank_suspects(np.linspace(1, 2, 6)[:, None] + np.arange(9))


def test_labels_of_the_users_own_are_judged_by_the_numbers_recorded():
    mine, given = TrajectoryRecorder(600, 1), labels(600, 4)
    called = mostly(given, 0.8, 4)
    mine.record(0, np.arange(600), np.ones(600), called == given, called=called)
    names = np.array(["d", "c", "b", "a"])
    with warnings.catch_warnings(action="error"):
        rank_suspects(mine, given=names[given], classes=Classes(names))
    mine.record(1, np.arange(600), np.ones(600), given == 3, called=np.full(600, 3))
    mine.record(2, np.arange(600), np.ones(600), given == 3, called=np.full(600, 3))
    with pytest.warns(DidNotTrain, match="missing in most of the last epochs: d, c, b"):
        rank_suspects(mine, given=names[given], classes=Classes(names))


def test_an_honest_list_does_not_warn():
    given = labels(600, 10)
    mine = recorded([mostly(given, share, 10) for share in np.linspace(0.2, 0.62, 6)], given)
    with warnings.catch_warnings(action="error"):
        rank_suspects(mine)
        rank_suspects(np.asarray(mine.losses))


def test_alpha_is_the_agreement_of_a_model_that_trained_and_refused_of_one_that_did_not():
    given = labels(600, 4)
    called = mostly(given, 0.7, 4)
    assert choose_alpha(method="agreement", called=called, given=given) == (called == given).mean()
    assert choose_alpha(method="agreement", called=torch.as_tensor(called), given=given) == (called == given).mean()
    for useless in (np.full(600, 2), np.where(given == 3, 0, given), labels(600, 4, seed=9)):
        with pytest.raises(InputError, match="a model must have trained before it can say how much to keep. It .*step"):
            choose_alpha(method="agreement", called=useless, given=given)
    assert choose_alpha(method="agreement", agrees=given == 2) == (given == 2).mean()  # cannot tell


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(called=[0, 1]), "given must"),
        (dict(given=[0, 1]), "called must"),
        (dict(called=[0, 1], given=[0]), "one value per sample; got 2, 1"),
        (dict(called=[0, None], given=[0, 1]), "called must not be missing; got none in row 1"),
        (dict(called=[0, 1], given=[1, 0]), "agrees must be a row of bool with a True in it"),
        (dict(called=[0, 1], given=[0, 1], agrees=[True, True]), "agrees takes the place of called and given"),
    ],
)
def test_bad_input_to_agreement(arguments, words):
    with pytest.raises(InputError, match=words):
        choose_alpha(method="agreement", **arguments)


# --- what each class would lose


def test_losses_of_classes_by_hand():
    given = np.repeat(["cow", "ant", "bee"], [4, 10, 2])
    kept = np.ones(16, bool)
    kept[[0, 1, 2, 4, 14]] = False
    table = dropped_by_class(kept, given)
    assert table.columns.tolist() == ["class", "samples", "dropped", "share"]
    assert table.to_numpy().tolist() == [["ant", 10, 1, 0.1], ["bee", 2, 1, 0.5], ["cow", 4, 3, 0.75]]
    (words,) = heavy_losses(table)
    assert words == (
        "cow would lose 3 of its 4 samples (75 %): look at them first, or keep the same share of each class: "
        'groups="class" in examine, --by-class of the command, trim_groups elsewhere.'
    )
    assert table["dropped"].sum() == (~kept).sum() and heavy_losses(dropped_by_class(np.ones(16, bool), given)) == []


def test_masks_that_do_not_fit_are_refused():
    for kept in ([True], [1, 0], [[True, False]]):
        with pytest.raises(InputError, match="kept must be a bool mask of the 2 labels; got"):
            dropped_by_class(kept, ["a", "b"])
    with pytest.raises(InputError, match="given must not be missing; got none in row 1"):
        dropped_by_class([True, False], ["a", None])


# --- real pictures


def four_classes(name, seed, data_root=None):
    """600 pictures of the first four classes in three equal channels, one in five with another of the four labels."""
    full, rng = data.load(name, data_root=data_root), np.random.default_rng(seed)
    some = np.concatenate([rng.permutation(np.flatnonzero(full.y == label))[:150] for label in range(4)])
    some = rng.permutation(some)
    given = np.where(np.arange(len(some)) % 5 == 0, (full.y[some] + rng.integers(1, 4, len(some))) % 4, full.y[some])
    return Samples(np.repeat(full.x[some], 3, axis=1), given, 4)


def test_training_says_when_it_came_to_nothing_and_is_silent_when_not():
    samples = four_classes("digits", seed=0)
    with warnings.catch_warnings(action="error"):
        recorder = record_training(samples, Recipe(two_layer_cnn, batch_size=50, step_size=0.1), epochs=6, seed=0)
        rank_suspects(recorder, by="aum")
    with pytest.warns(DidNotTrain, match="This recording says little: .* It names [123] of 4 classes; ") as told:
        record_training(samples, Recipe(two_layer_cnn, batch_size=50, step_size=5.0), epochs=3, seed=0)
    assert [warning.filename for warning in told] == [__file__]


def test_networks_dead_out_of_sample_are_told():
    samples = four_classes("digits", seed=0)
    with warnings.catch_warnings(action="error"):
        logits_out_of_sample(samples, Recipe(two_layer_cnn, batch_size=50, step_size=0.1), epochs=6, folds=3, seed=0)
    with pytest.warns(DidNotTrain, match="The prediction out of sample says little: .* Lower the step") as told:
        logits_out_of_sample(samples, Recipe(two_layer_cnn, batch_size=50, step_size=5.0), epochs=3, folds=3, seed=0)
    assert [warning.filename for warning in told] == [__file__]


def test_any_models_labels_out_of_sample_are_judged_and_nothing_else():
    given = np.array(["ant", "bee", "cow", "dog"])[labels(600, 4)]
    dead = iter([True, False, False])

    def fit(train):
        is_dead = next(dead)
        return lambda held_out: np.full(len(held_out), "cow") if is_dead else given[held_out]

    with pytest.warns(DidNotTrain, match="The prediction out of sample says little: .* 1 of 3 models name") as told:
        choosing.out_of_sample(fit, given, folds=3, seed=0)
    assert [warning.filename for warning in told] == [__file__]
    with warnings.catch_warnings(action="error"):
        choosing.out_of_sample(lambda train: lambda held_out: given[held_out], given, seed=0)
        for score in (0.5, "no label"):
            choosing.out_of_sample(lambda train, score=score: lambda part: np.full(len(part), score), given, seed=0)
        choosing.out_of_sample(lambda train: lambda part: np.zeros(len(part), int), n=600, seed=0)
        choosing.out_of_sample(lambda train: lambda part: np.zeros((len(part), 4), int), labels(600, 4), seed=0)


def test_one_dead_network_out_of_sample_is_told(monkeypatch):
    samples, networks = four_classes("digits", seed=0), iter(range(4))

    def fitted(*_, **__):
        return next(networks)

    def says(network, samples, index):
        called = samples.y[index] if network else torch.zeros_like(samples.y[index])
        return torch.nn.functional.one_hot(called, 4).float()

    monkeypatch.setattr(judges, "train", fitted)
    monkeypatch.setattr(judges, "outputs", says)
    with pytest.warns(DidNotTrain, match="1 of 4 models name fewer classes than there are and agree with 2.* % of the"):
        logits_out_of_sample(samples, None, epochs=1, folds=4, seed=0)


@pytest.mark.data
def test_a_recipe_tuned_on_digits_dies_on_pictures_of_clothes(real_data):
    samples = four_classes("fashion_mnist", 0, str(real_data("fashion_mnist")))
    with pytest.warns(DidNotTrain, match="It names 1 of 4 classes"):
        record_training(samples, Recipe(two_layer_cnn, batch_size=100, step_size=0.2), epochs=12, seed=0)
