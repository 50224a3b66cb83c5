"""The follow-up of the study (STUDY.md, addendum): fresh seeds where `auto` was below random; results/study_follow_up.json.

    python3 bench/curves/study_follow_up.py --data DIR

What is kept are the areas (AULC) by window, set, strategy and seed; a run goes on where the last one stopped. `study.py --minutes 0` prints the table too.
"""
import argparse
import json
import pathlib
import tempfile

import study
from study_report import area, write_report
from study_sets import all_sets

OUT = study.RESULTS.parent / "study_follow_up.json"
STRATEGIES = ["random", "auto", "uherding"]
CELLS = {"low": ["Jeyaraman_2020.tfidf", "Meijboom_2021.embeddings", "haberman.table", "ringnorm.table", "splice.table"],
         "mid": ["Chou_2004.embeddings", "haberman.table", "phoneme.table", "ringnorm.table"],
         "high": ["Chou_2004.embeddings", "ringnorm.table", "tictactoe.table"]}
STAGES = ((100, 40), (400, 200))  # First seed and how many.
ONCE = ["Jeyaraman_2020.tfidf"]  # In the first stage alone.
AT_ONCE = 10


def run_cell(options, data, window, results):
    metric = "balanced_accuracy" if data.imbalanced else "accuracy"
    areas = results.setdefault(window, {}).setdefault(data.name, {"metric": metric, "areas": {name: {} for name in STRATEGIES}})["areas"]
    with tempfile.TemporaryDirectory(prefix="querist-study-") as folder:
        files = data.write(pathlib.Path(folder))
        for first in [at for begin, seeds in STAGES[:1 if data.name in ONCE else 2] for at in range(begin, begin + seeds, AT_ONCE)]:
            if all(str(seed) in areas[name] for name in STRATEGIES for seed in range(first, first + AT_ONCE)):
                continue
            for run in study.simulate(options, files, study.plan_of(data, window), STRATEGIES, first, AT_ONCE, 3600):
                areas[run["strategy"]][str(run["seed"])] = round(area(run["labels"], run[metric]), 6)
            OUT.write_text(json.dumps(results, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--binary", type=pathlib.Path, default=study.ROOT / "build/querist")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    results = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    wanted = {name for names in CELLS.values() for name in names}
    sets = {data.name: data for data in all_sets(options.data) if data.name in wanted}
    for window, names in CELLS.items():
        for name in names:
            run_cell(options, sets[name], window, results)
    write_report(study.RESULTS, study.STRATEGIES, study.WINDOWS)


if __name__ == "__main__":
    main()
