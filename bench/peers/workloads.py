"""Every comparison: the data, the peer's call, Querist's call, plain NumPy where it beats the peer, and when two answers are equal."""
import importlib
import pathlib

ALL = {}
for path in sorted(pathlib.Path(__file__).parent.glob("workload_*.py")):
    module = importlib.import_module(path.stem)
    for one in module.WORKLOADS:
        ALL[one.name] = one
