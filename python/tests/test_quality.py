"""Crowd answers in Python: what the functions give, by names and by numbers, and what they refuse."""
import numpy as np
import pytest

from querist import quality


def crowd(seed=0, items=200, annotators=6, classes=3):
    """The last annotator answers by chance, the others are right four times in five."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=items)
    rows = np.repeat(np.arange(items), annotators)
    who = np.tile(np.arange(annotators), items)
    right = rng.uniform(size=rows.size) < np.where(who == annotators - 1, 1 / classes, 0.8)
    labels = np.where(right, truth[rows], rng.integers(classes, size=rows.size))
    return rows, who, labels, truth


def test_every_method_finds_the_truth_and_the_worst_annotator():
    items, who, labels, truth = crowd()
    probabilities = np.full((truth.size, 3), 0.2)
    probabilities[np.arange(truth.size), truth] = 0.6
    for found in (quality.majority_vote(items, who, labels), quality.dawid_skene(items, who, labels), quality.one_coin(items, who, labels),
                  quality.glad(items, who, labels), quality.mace(items, who, labels),
                  quality.crowdlab(items, who, labels, probabilities)):
        assert found.probabilities.shape == (truth.size, 3)
        np.testing.assert_allclose(found.probabilities.sum(1), 1, atol=1e-9)
        assert (found.labels == truth).mean() > 0.95
        assert found.annotator_quality.argmin() == 5


def test_majority_vote_is_the_shares_of_the_votes():
    found = quality.majority_vote([0, 0, 0, 1], [0, 1, 2, 0], [1, 1, 0, 0], classes=3)
    np.testing.assert_allclose(found.probabilities, [[1 / 3, 2 / 3, 0], [1, 0, 0]])
    assert found.labels.tolist() == [1, 0]


def test_annotators_may_have_names():
    items, who, labels, _ = crowd()
    named = quality.dawid_skene(items, [f"worker {one}" for one in who], labels)
    numbered = quality.dawid_skene(items, who, labels)
    np.testing.assert_array_equal(named.probabilities, numbered.probabilities)
    np.testing.assert_array_equal(named.annotator_quality, numbered.annotator_quality)


def test_agreement_is_the_published_example_and_one_where_all_agree():
    # Krippendorff 2011, example C: nominal alpha .743.
    units = [[1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [5, 5, 5], [1, 1], [3]]
    items = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    who = np.concatenate([np.arange(len(unit)) for unit in units])
    assert quality.krippendorff_alpha(items, who, np.concatenate(units)) == pytest.approx(0.743, abs=5e-4)
    assert quality.fleiss_kappa([0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0]) == 1
    for names in ([0, 1], ["ham", "spam"], [False, True], np.array([7, -2], object)):
        pick = np.array(names)
        assert quality.cohen_kappa(pick[[0, 1, 1, 0]], pick[[0, 1, 0, 0]].tolist()) == pytest.approx(0.5)
    assert quality.cohen_kappa(["a", "a"], ["a", "a"]) == 1


def test_what_is_no_crowd_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match="twice"):
        quality.dawid_skene([0, 0], [1, 1], [0, 1])
    with pytest.raises(ValueError, match="item 1 has no label"):
        quality.majority_vote([0, 2], [0, 0], [0, 1])
    with pytest.raises(ValueError, match="krippendorff_alpha"):
        quality.fleiss_kappa([0, 0, 1], [0, 1, 0], [0, 1, 0])
    with pytest.raises(ValueError, match="smoothing"):
        quality.dawid_skene([0, 0], [0, 1], [0, 1], smoothing=-1)
    with pytest.raises(ValueError, match="a has 2 entries but b has 1"):
        quality.cohen_kappa([0, 1], [0])
    with pytest.raises(ValueError, match="a and b must be of one kind"):
        quality.cohen_kappa([0, 1], ["0", "1"])
