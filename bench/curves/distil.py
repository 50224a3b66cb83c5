"""What a large model loses and saves as a small head: bench/curves/results/distil.md and .json.

A project a set and teacher: 1,000 labels drawn at random, half of them for the audit, then `querist models distil` to either head.
Agreement and accuracy are on the audit labels, bytes of the stored models, microseconds of predicting one row of a thousand on the
machine named below.

    python3 bench/curves/distil.py --data FOLDER (with al-benchmark-tabular and letter in it)
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from machine import machine  # noqa: E402
from one_project import OneProject, share  # noqa: E402

RESULTS = ROOT / "bench/curves/results"
SETS = {"spambase": ("al-benchmark-tabular/spambase.csv.gz", []), "phoneme": ("al-benchmark-tabular/phoneme.csv.gz", []),
        "letter": ("letter/data.csv.gz", [])}
TEACHERS = ("forest", "gbdt", "committee")
STUDENTS = ("neural_head", "logistic_regression")
LABELS = 1000
TOO_DEAR = (("letter", "gbdt"),)  # A tree a round for each of 26 classes.


def measure(options, name, teacher):
    path, columns = SETS[name]
    with tempfile.TemporaryDirectory(prefix="querist-distil-") as folder:
        project = OneProject(options.binary, folder, {"learner": teacher, "strategy": "random", "audit_share": 0.5, "batch_size": LABELS})
        project.label(options.data / path, columns, LABELS)
        before = json.loads(project.ask("evaluate", "--json"))
        students = {student: json.loads(project.ask("models", "distil", "--learner", student, "--json")) for student in STUDENTS}
    return {"accuracy": before["accuracy"], "audit_labels": before["audit_labels"],
            "students": {student: {"accuracy": model["metrics"]["accuracy"], "gate": model["gate"], "seconds": model["seconds"],
                                   **model["distillation"]} for student, model in students.items()}}


def report(results):
    lines = ["# Distillation: what a small head loses and saves", "", __doc__.split("\n\n")[1].replace("\n", " "), "",
             "Accuracy and agreement in %, with 95 % intervals; the difference is paired, student minus teacher, in points.", "",
             "| set | teacher | student | teacher's accuracy | difference | agreement | gate | bytes | µs a row | seconds to teach |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for name, teachers in results["sets"].items():
        for teacher, run in teachers.items():
            for student, found in run["students"].items():
                gate, size, time = found["gate"], found["bytes"], found["microseconds_a_row"]
                lines.append(f"| {name} | {teacher} | {student} | {share(run['accuracy'])} | {100 * gate['difference']:+.1f} "
                             f"({100 * gate['ci_low']:+.1f} to {100 * gate['ci_high']:+.1f}) | {share(found['agreement'])} | "
                             f"{'passed' if gate['passed'] else 'not passed'} | {size['teacher']:,} → {size['student']:,} | "
                             f"{time['teacher']:.1f} → {time['student']:.2f} | {found['seconds']:.1f} |")
    about = results["machine"]
    return "\n".join(lines + ["", f"Machine: {about['model']}, {about['cores']} cores, shared."]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    options = parser.parse_args()
    results = {"machine": machine(), "sets": {name: {} for name in SETS}}
    for name in SETS:
        for teacher in TEACHERS:
            if (name, teacher) in TOO_DEAR:
                continue
            results["sets"][name][teacher] = measure(options, name, teacher)
            print(f"{name} {teacher}", file=sys.stderr, flush=True)
            RESULTS.joinpath("distil.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            RESULTS.joinpath("distil.md").write_text(report(results), encoding="utf-8")


if __name__ == "__main__":
    main()
