"""What every test of the package shares: the strategies, one test a strategy, and seeded randomness."""
import numpy as np
import pytest

import querist

CARDS = querist.select.strategies()


def pytest_generate_tests(metafunc):
    """A test that asks for a card runs once for each strategy."""
    marked = any("card" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "card" in metafunc.fixturenames and not marked:
        metafunc.parametrize("card", CARDS, ids=[card["name"] for card in CARDS])


@pytest.fixture
def rng():
    return np.random.default_rng(7)
