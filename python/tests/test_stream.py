"""Streams and ActiveLab from Python: one by one and in blocks, saved and loaded, within the budget, wrong input refused."""
import numpy as np
import pytest

import querist

KINDS = [querist.stream.FixedUncertainty, querist.stream.VariableUncertainty, querist.stream.RandomVariableUncertainty,
         querist.stream.Split, querist.stream.Random, querist.stream.DensityBased]


def instances(n=2000, classes=3):
    return np.random.default_rng(0).dirichlet(np.ones(classes), n)


@pytest.mark.parametrize("kind", KINDS)
def test_one_by_one_is_as_in_blocks_and_as_loaded(kind):
    rows = instances()
    stream = kind(budget=0.1, seed=3)
    asked = [stream.query(row) for row in rows[:1000]]
    loaded = querist.stream.Stream.load(stream.save())
    assert type(loaded) is kind and loaded.budget == 0.1
    asked += list(loaded.query_many(rows[1000:]))
    assert asked == list(kind(budget=0.1, seed=3).query_many(rows))
    assert all(isinstance(answer, bool) for answer in asked[:1000])
    assert loaded.seen == len(rows) and loaded.asked == sum(asked)
    assert 0 < np.mean(asked) <= 0.125  # The strategies hold the budget over windows, not to the instance.


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_input_is_refused_and_changes_nothing(kind):
    with pytest.raises(ValueError, match="budget"):
        kind(budget=2)
    with pytest.raises(ValueError, match="seed"):
        kind(seed=-1)
    with pytest.raises(ValueError, match="none_such"):
        kind(none_such=1)
    stream = kind(seed=1)
    stream.query([0.5, 0.5])
    before = stream.save()
    if kind is not querist.stream.Random:  # It reads nothing.
        for wrong in ([0.5, 0.2], [0.2, 0.3, 0.5], [np.inf, 0.0], []):
            with pytest.raises(ValueError):
                stream.query(wrong)
        assert stream.query([np.nan, 1.0]) is False
    with pytest.raises((TypeError, ValueError)):
        stream.query("x")
    assert stream.seen == 1
    with pytest.raises(ValueError):
        querist.stream.Stream.load(before[:-3])


def test_density_based_reads_where_instances_lie():
    rng = np.random.default_rng(1)
    probabilities, places = rng.dirichlet(np.ones(2), 500), rng.normal(size=(500, 4))
    asked = querist.stream.DensityBased(seed=1).query_many(probabilities, places)
    one = querist.stream.DensityBased(seed=1)
    assert [one.query(p, x) for p, x in zip(probabilities, places)] == list(asked)


def test_active_lab_scores_what_is_sure_higher_and_names_what_to_do():
    items, annotators, labels = [0, 0, 0, 1], ["ann", "bob", "cy", "ann"], [0, 0, 0, 1]
    scores, fresh = querist.quality.active_lab(items, annotators, labels, [[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5]])
    assert scores.shape == (2,) and fresh.shape == (1,) and scores[0] > scores[1]
    work = querist.quality.choose_work(scores, fresh, 2)
    assert work[0] == (False, 0, fresh[0]) and work[1].relabel and work[1].row == 1
    numbered, _ = querist.quality.active_lab(items, [0, 1, 2, 0], labels, [[0.9, 0.1], [0.5, 0.5]])
    assert np.array_equal(numbered, scores)
    with pytest.raises(ValueError, match="labels"):
        querist.quality.active_lab(items, annotators, [0, 0, 0, 2], [[0.9, 0.1], [0.5, 0.5]])
    with pytest.raises(ValueError):
        querist.quality.active_lab([0, 0], ["ann", "ann"], [0, 1], [[0.9, 0.1]])


def test_whom_to_ask_names_the_best_annotator_without_a_label_of_the_item():
    # "ann" is always right, "cy" once wrong, "bob" in half of the items.
    items = np.repeat(np.arange(8), 3)
    annotators = np.tile(["ann", "bob", "cy"], 8)
    truth = np.array([0, 1, 1, 0, 0, 1, 1, 0])
    labels = np.ravel([[t, t if i % 2 else 1 - t, 1 - t if i == 5 else t] for i, t in enumerate(truth)])
    probabilities = np.where(truth[:, None] == [0, 1], 0.9, 0.1)
    kept = ~((items == 0) & (annotators == "ann") | (items == 1) & (annotators == "bob"))
    given = items[kept], annotators[kept], labels[kept], probabilities
    work = [querist.quality.Work(True, 0, 0.1), querist.quality.Work(True, 1, 0.2), querist.quality.Work(True, 2, 0.3),
            querist.quality.Work(False, 0, 0.4)]
    assert querist.quality.whom_to_ask(work, *given) == ["ann", "bob", None, "ann"]
    # One who is new weighs the mean of the others: less than "ann", more than "bob".
    assert querist.quality.whom_to_ask(work, *given, available=["new", "bob"]) == ["new", "new", "new", "new"]
    assert querist.quality.whom_to_ask(work, *given, available=["ann", "new"]) == ["ann", "new", "new", "ann"]
    assert querist.quality.whom_to_ask(work, *given, available=[]) == [None] * 4
    numbers = np.unique(given[1], return_inverse=True)[1] * 10
    assert querist.quality.whom_to_ask(work, given[0], numbers, *given[2:]) == [0, 10, None, 0]
    assert querist.quality.whom_to_ask(work, given[0], numbers, *given[2:], available=[10, 77]) == [77, 77, 77, 77]
    assert querist.quality.whom_to_ask([], *given) == []
    with pytest.raises(ValueError, match="name annotators"):
        querist.quality.whom_to_ask(work, *given, available=[1, 2])
    with pytest.raises(ValueError, match="numbered from 0"):
        querist.quality.whom_to_ask(work, given[0], numbers, *given[2:], available=[-1])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_an_instance_is_decided_alike_however_its_arrays_are_typed_and_ordered(kind):
    rng = np.random.default_rng(2)
    probabilities, places = rng.dirichlet(np.ones(2), 300), rng.normal(size=(300, 4)).astype(np.float32)
    asked = querist.stream.DensityBased(seed=1).query_many(probabilities, places)
    one = querist.stream.DensityBased(seed=1)
    ways = (lambda x: x, list, lambda x: np.repeat(x, 2)[::2], lambda x: x.astype(x.dtype.newbyteorder()))
    for i, (p, x) in enumerate(zip(probabilities, places.astype(kind))):
        assert one.query(ways[i % 4](p), ways[i // 4 % 4](x)) == asked[i]
    with pytest.raises(ValueError, match="infinite"):
        one.query(probabilities[0], np.full(4, 1e300))
    for wrong in ([[0.5, 0.5]], 0.5):
        with pytest.raises(ValueError, match="dimension"):
            one.query(np.array(wrong), places[0])
