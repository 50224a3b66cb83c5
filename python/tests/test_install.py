"""The wheel in an environment of its own: NumPy is all that it brings along, and the libraries it needs are its own."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = """
import numpy as np
import querist
rows = np.random.default_rng(1).normal(size=(500, 16)).astype(np.float32)
assert querist.select.k_center(5, embeddings=rows).size == 5
assert querist.select.bait(5, embeddings=rows).size == 5
assert querist.select.margin(3, probabilities=np.full((9, 3), 1 / 3)).tolist() == [0, 1, 2]
import pickle
model = pickle.loads(pickle.dumps(querist.learners.LogisticRegression().fit(rows, rows[:, 0] > 0)))
assert model.score(rows, rows[:, 0] > 0) > 0.9
found, weights = querist.semi_supervised.self_training(rows, np.where(np.arange(500) < 40, rows[:, 0] > 0, -1))
assert np.mean((found == (rows[:, 0] > 0))[found != -1]) > 0.8
print(sorted({line.split()[-1] for line in open("/proc/self/maps") if "openblas" in line or "gomp" in line or "gfortran" in line}))
# Last, since XGBoost brings the system's own libgomp along.
try:
    querist.learners.GradientBoosting(n_estimators=2).fit(rows, rows[:, 0] > 0)
except RuntimeError as error:  # Where XGBoost is not installed, and it says so.
    assert "libxgboost" in str(error)
"""


def test_the_wheel_works_with_numpy_alone(tmp_path):
    def call(*command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=tmp_path, timeout=300,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    wheels = ROOT / ".toolchain/python-tests/wheels"
    assert list(wheels.glob("numpy-*.whl")), f"{wheels} has no NumPy: run python3 tests/python/run.py"
    call(sys.executable, "-m", "venv", tmp_path / "clean")
    python = tmp_path / "clean/bin/python"
    call(python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", wheels, "--find-links", ROOT / "dist", "querist")
    installed = {line.split("==")[0] for line in call(python, "-m", "pip", "freeze").split()}
    assert installed == {"numpy", "querist"}
    libraries = call(python, "-c", PROGRAM).strip()
    assert "openblas" in libraries
    for path in libraries.strip("[]").replace("'", "").split(", "):
        assert path.startswith(str(tmp_path.resolve())), f"{path} is not the wheel's own"
