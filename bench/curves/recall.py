"""Stopping a review at a target recall: how often each rule stops too soon, and what it saves; bench/curves/results/recall.md and .json.

Simulated reviews of the four screening sets: records are read in the order of nearness to the relevant ones found so far
(centroids, Rocchio 1971, made anew after every record), with two designs of a random part.

- audit: every tenth record is drawn at random among the unread, from the start.
- tail: reading by rank ends after a tenth of the pool and 50 records in a row without a relevant one; then all is random.

Run with the package installed: python bench/curves/recall.py --data FOLDER, where FOLDER holds synergy-screening.
"""
import argparse
import gzip
import json
import pathlib

import numpy as np

from querist import metrics

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
SETS = ("Chou_2004", "Oud_2018", "Meijboom_2021", "Jeyaraman_2020")
RULES = {"audit, Horvitz-Thompson, every look": "audit", "audit, anytime-valid": "audit", "tail, hypergeometric, every look": "tail",
         "tail, hypergeometric, one look": "tail", "tail, anytime-valid": "tail"}
CONFIDENCE = 0.95


def load(folder):
    vectors = np.load(folder / "embeddings_minilm.npy").astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    sets, start = {}, 0
    for name in SETS:
        labels = np.array([json.loads(line)["label"] for line in gzip.open(folder / f"{name}.jsonl.gz", "rt")])
        sets[name] = vectors[start:start + len(labels)], labels
        start += len(labels)
    return sets


class Review:
    """One review that reads until nothing is left, and remembers what each audit draw found."""

    def __init__(self, x, labels, rng):
        self.x, self.labels, self.rng = x, labels, rng
        self.unread = np.ones(len(labels), bool)
        self.sums = np.zeros((2, x.shape[1]), np.float32)
        self.counts = np.zeros(2)
        self.draws = []  # (known, remaining, relevant) before each audit draw.
        for wanted in (1, 0):
            self.read(rng.choice(np.flatnonzero(labels == wanted)))

    @property
    def found(self):
        return int(self.counts[1])

    @property
    def left(self):
        return int(self.unread.sum())

    def read(self, row):
        self.unread[row] = False
        label = self.labels[row]
        self.sums[label] += self.x[row]
        self.counts[label] += 1
        return label

    def read_by_rank(self):
        scores = self.x @ (self.sums[1] / self.counts[1] - self.sums[0] / self.counts[0])
        scores[~self.unread] = -np.inf
        return self.read(int(scores.argmax()))

    def read_at_random(self):
        known, remaining = self.found, self.left
        label = self.read(self.rng.choice(np.flatnonzero(self.unread)))
        self.draws.append((known, remaining, label))
        return label

    def total(self, anytime):
        known, remaining, relevant = np.array(self.draws, np.int64).T
        return metrics.relevant_total(known, remaining, relevant, found=self.found, unread=self.left, anytime=anytime, confidence=CONFIDENCE)


class Watch:
    """When each rule of a design first says stop, for each target."""

    def __init__(self, targets, relevant, size):
        self.targets, self.relevant, self.size = targets, relevant, size
        self.stops = {}

    def say(self, rule, target, review):
        self.stops.setdefault((rule, target), (review.found / self.relevant, 1 - review.left / self.size))


def audit(review, watch, truth):
    """Every tenth record at random. Also: whether the intervals held the truth, at one look and at every look."""
    one_look, every_look = None, True
    step = 0
    while review.left:
        step += 1
        if step % 10:
            review.read_by_rank()
            continue
        review.read_at_random()
        for anytime, rule in ((False, "audit, Horvitz-Thompson, every look"), (True, "audit, anytime-valid")):
            total = review.total(anytime)
            held = total.ci_low - 1e-6 <= truth <= total.ci_high + 1e-6
            if anytime:
                every_look = every_look and held
            elif one_look is None and review.left <= watch.size / 2:
                one_look = held
            for target in watch.targets:
                if review.found >= target * total.ci_high - 1e-9:
                    watch.say(rule, target, review)
    for rule, design in RULES.items():
        for target in watch.targets:
            if design == "audit":
                watch.say(rule, target, review)
    return bool(one_look), every_look


def tail(review, watch):
    """By rank until 50 in a row are irrelevant, then at random."""
    dry = 0
    while review.left and (dry < 50 or review.left > 0.9 * watch.size):
        dry = 0 if review.read_by_rank() else dry + 1
    before, remaining = review.found, review.left
    one_look = remaining // 2
    while review.left:
        review.read_at_random()
        drawn = len(review.draws)
        total = review.total(True) if drawn % 10 == 0 or not review.left else None
        for target in watch.targets:
            if metrics.recall_p_value(before, remaining, drawn, review.found - before, target_recall=target) < 1 - CONFIDENCE:
                watch.say("tail, hypergeometric, every look", target, review)
                if drawn == one_look:
                    watch.say("tail, hypergeometric, one look", target, review)
            if total and review.found >= target * total.ci_high - 1e-9:
                watch.say("tail, anytime-valid", target, review)
    for rule, design in RULES.items():
        for target in watch.targets:
            if design == "tail":
                watch.say(rule, target, review)


def measure(name, x, labels, reviews, targets):
    truth = int(labels.sum())
    stops, held = {}, []
    for seed in range(reviews):
        watch = Watch(targets, truth, len(labels))
        held.append(audit(Review(x, labels, np.random.default_rng([seed, 0])), watch, truth))
        tail(Review(x, labels, np.random.default_rng([seed, 1])), watch)
        for key, stop in watch.stops.items():
            stops.setdefault(key, []).append(stop)
    out = {"name": name, "rows": len(labels), "relevant": truth, "reviews": reviews,
           "held_at_one_look": sum(one for one, _ in held), "held_at_every_look": sum(every for _, every in held), "rules": []}
    for (rule, target), all_stops in stops.items():
        recall, read = np.array(all_stops).T
        out["rules"].append({"rule": rule, "target": target, "too_soon": int((recall < target - 1e-9).sum()), "recall": float(recall.mean()),
                             "read": float(read.mean())})
    return out


def table(worlds, targets):
    total = sum(one["reviews"] for one in worlds)
    lines = ["| rule | target | stopped too soon, of " + f"{total:,} | " + " | ".join(f"{one['name']} ({one['relevant']} of {one['rows']})" for one in worlds) +
             " | mean recall | mean share read |", "|" + "---|" * (5 + len(worlds))]
    for target in targets:
        for rule in RULES:
            rows = [next(row for row in one["rules"] if row["rule"] == rule and row["target"] == target) for one in worlds]
            missed = sum(row["too_soon"] for row in rows)
            share = metrics.wilson_interval(missed, total)
            cells = [f"{100 * row['too_soon'] / one['reviews']:.1f} %, reads {100 * row['read']:.0f} %" for row, one in zip(rows, worlds)]
            lines.append(f"| {rule} | {target} | {100 * share.value:.1f} % ({100 * share.ci_low:.1f} to {100 * share.ci_high:.1f}) | " + " | ".join(cells) +
                         f" | {np.mean([row['recall'] for row in rows]):.3f} | {100 * np.mean([row['read'] for row in rows]):.0f} % |")
    one_look, every = (100 * sum(one[key] for one in worlds) / total for key in ("held_at_one_look", "held_at_every_look"))
    lines += ["", f"Of the audit's intervals of the total (stated {100 * CONFIDENCE:.0f} %): Horvitz-Thompson, at one look when half is read, held the truth in "
              f"{one_look:.1f} % of the reviews; the anytime-valid one held it at every look at once in {every:.1f} %."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--reviews", type=int, default=250, help="of each set")
    given = parser.parse_args()
    targets = (0.95, 0.8)
    worlds = [measure(name, x, labels, given.reviews, targets) for name, (x, labels) in load(given.data / "synergy-screening").items()]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "recall.json").write_text(json.dumps(worlds, indent=1) + "\n")
    body = ["# Stopping a review at a target recall", "",
            f"Written by `python bench/curves/recall.py --data FOLDER`: {given.reviews} simulated reviews of each set and design. Each rule promises to stop "
            f"below the target in at most {100 * (1 - CONFIDENCE):.0f} % of reviews; one that never says stop reads all. In brackets Wilson's 95 % interval.", "",
            table(worlds, targets), ""]
    (RESULTS / "recall.md").write_text("\n".join(body))
    print("\n".join(body))


main()
