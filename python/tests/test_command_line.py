"""The package and the command line give the same answer for the same arrays."""
import json
import pathlib
import subprocess

import numpy as np

from worlds import arguments, select

BINARY = pathlib.Path(__file__).resolve().parents[2] / "build/querist"
N = 300
# Parameters that are worth a second comparison.
SETTINGS = {"max_herding": {"gamma": 0.7}, "density_weighted": {"beta": 2.0, "similarity": "cosine"},
            "k_center_robust": {"outlier_fraction": 0.05}, "typiclust": {"neighbors": 5, "normalize": True}}


def by_command_line(card, given, folder, batch_size, seed, params):
    assert BINARY.exists(), f"{BINARY} is missing: build it with bash tools/build.sh querist"
    inside = ", ".join(f"{name}={str(value).lower()}" for name, value in params.items())
    command = [BINARY, "select", "--strategy", f"{card['name']}({inside})", "--batch-size", batch_size, "--seed", seed, "--json"]
    for name, value in given.items():
        np.save(folder / f"{name}.npy", value)
        command += [f"--{name.replace('_', '-')}", folder / f"{name}.npy"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_both_give_the_same_rows_and_utilities(card, rng, tmp_path):
    given = arguments(card, rng, N)
    given["costs"] = rng.random(N).astype(np.float32) + 0.5
    given["groups"] = rng.integers(0, 5, N)
    if "embeddings" in given:
        given["embeddings"] = given["embeddings"].astype(np.float16)
    for params in ({}, SETTINGS.get(card["name"])):
        if params is None:
            continue
        indices, utilities = select(card, 15, **given, **params, seed=11, return_utilities=True)
        answer = by_command_line(card, given, tmp_path, 15, 11, params)
        assert answer["indices"] == indices.tolist()
        assert answer["utilities"] == utilities.tolist()
