"""Docstrings and signatures: every parameter is described in numpydoc form, and the cards agree with the functions."""
import inspect
import re

import pytest

import querist

SIGNATURE = ["batch_size", "probabilities", "member_probabilities", "embeddings", "labeled", "labels", "candidates", "costs", "groups"]


def sections(text):
    """Section titles and their lines, as numpydoc underlines them."""
    lines = inspect.cleandoc(text).splitlines()
    starts = [i for i in range(len(lines) - 1) if lines[i] and re.fullmatch("-{3,}", lines[i + 1])]
    return {lines[i]: lines[i + 2:end] for i, end in zip(starts, [*starts[1:], len(lines)])}


def described(lines):
    """Names at the left margin, with the text under each."""
    found, name = {}, None
    for line in lines:
        match = re.match(r"(\w+) : .", line)
        if match:
            name = match[1]
            found[name] = ""
        elif name and line.startswith("    "):
            found[name] += line.strip()
    return found


def public_functions():
    return [(name, getattr(querist.select, name)) for name in querist.select.__all__]


@pytest.mark.parametrize("name,function", public_functions(), ids=querist.select.__all__)
def test_every_parameter_is_described(name, function):
    parts = sections(function.__doc__)
    names = described(parts.get("Parameters", []))
    for parameter in inspect.signature(function).parameters:
        if parameter in ("predictions", "member_predictions") and parameter not in names:
            assert "regression" not in [card["task"] for card in querist.select.strategies() if card["name"] == name]
            continue
        assert names.get(parameter), f"{name}: {parameter} is not described"
    if name != "strategies":
        assert parts["Returns"]


def test_the_text_names_source_and_summary(card):
    text = getattr(querist.select, card["name"]).__doc__
    assert text.startswith(card["summary"]) and card["summary"].endswith(".")
    for source in filter(None, (one.strip() for one in card["source"].split(";"))):
        assert source in text


def test_signatures_are_those_of_the_interface(card):
    parameters = inspect.signature(getattr(querist.select, card["name"])).parameters
    names = list(parameters)
    assert names[:len(SIGNATURE)] == SIGNATURE
    assert parameters["batch_size"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in names[1:])
    assert parameters["seed"].default == 0 and parameters["return_utilities"].default is False
    for param in card["params"]:
        default = parameters[param["name"]].default
        assert default == (None if param["automatic"] else param["fallback"])


@pytest.mark.parametrize("name,defaults", [
    ("quire", {"lmbda": 1.0, "gamma": None}),
    ("expected_error_reduction", {"learner": "parzen", "gamma": None, "method": "misclassification_loss"}),
    ("prob_cover", {"delta": None}), ("max_herding", {"gamma": None}), ("batch_bald", {"samples": 10000}), ("cluster_margin", {"clusters": None}),
])
def test_parameters_that_peers_have_keep_their_name_and_default(name, defaults):
    parameters = inspect.signature(getattr(querist.select, name)).parameters
    assert {parameter: parameters[parameter].default for parameter in defaults} == defaults


def learners():
    return [getattr(querist.learners, name) for name in querist.learners.__all__]


@pytest.mark.parametrize("learner", learners(), ids=querist.learners.__all__)
def test_every_parameter_of_a_learner_is_described(learner):
    names = described(sections(learner.__doc__)["Parameters"])
    for parameter in inspect.signature(learner).parameters:
        assert names.get(parameter), f"{learner.__name__}: {parameter} is not described"
    assert all(line in sections(learner.fit.__doc__) for line in ("Parameters", "Returns")) or learner.__name__ == "ParzenWindow"


@pytest.mark.parametrize("card", querist.semi_supervised.pseudo_labelers() + [{"name": "gate", "summary": "", "source": "", "params": []}],
                         ids=lambda card: card["name"])
def test_every_parameter_of_a_pseudo_labeler_is_described(card):
    function = getattr(querist.semi_supervised, card["name"])
    parts = sections(function.__doc__)
    names = described(parts["Parameters"])
    parameters = inspect.signature(function).parameters
    for parameter in parameters:
        assert names.get(parameter), f"{card['name']}: {parameter} is not described"
    assert list(described(parts["Returns"]))[:2] == ["labels", "weights"]
    for param in card["params"]:
        assert parameters[param["name"]].default == param["fallback"]
    assert function.__doc__.startswith(card["summary"])


def test_modules_and_their_names_are_described():
    for module in (querist, querist.select, querist.learners, querist.semi_supervised):
        assert module.__doc__
        assert sorted(set(module.__all__)) == sorted(module.__all__)
        for name in module.__all__:
            assert hasattr(module, name)
    assert querist.__version__
