"""The data sets of the study of `auto` (STUDY.md), prepared as `querist simulate` reads them."""
import csv
import gzip
import io
import json
import random

import numpy as np

TABLES = ["appendicitis", "australian", "banana", "breast", "checkerboard", "clean1", "diabetes", "ex8a", "ex8b", "gcloudb",
          "gcloudub", "german", "haberman", "heart", "ionosphere", "mammographic", "parkinsons", "phishing", "phoneme", "ringnorm",
          "sonar", "spambase", "splice", "tictactoe", "twonorm", "wdbc"]
LARGER = ["adult", "letter", "shuttle"]
TEXTS = ["sms-spam", "trec6", "agnews-7600", "clinc150", "davidson-offensive"]
REVIEWS = ["Chou_2004", "Oud_2018", "Meijboom_2021", "Jeyaraman_2020"]
IMAGES = ["mnist", "cifar10-human"]
DEVELOPMENT = set(TABLES[::5]) | {"adult", "sms-spam", "trec6", "agnews-7600"}
MOST_POOL, MOST_TEST = 10_000, 5_000
TEST_SHARE = 0.4


def plan_of(data, window):
    """(initial, batch_size, budget), or None where the pool is too small for the window."""
    classes = data.classes
    initial, batch, budget = {
        "low": (2 * classes, classes, 10 * classes),
        "mid": (max(20, 2 * classes), max(10, classes), min(100 * classes, 1000)),
        "high": (max(20, 2 * classes), max(50, 2 * classes), min(400 * classes, 4000)),
    }[window]
    budget = min(budget, data.pool // 2)
    return (initial, batch, budget) if budget >= initial + 2 * batch else None


def read_table(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def cut(rows, most, seed):
    """At most so many row numbers, drawn by chance, in their order."""
    if len(rows) <= most:
        return rows
    return sorted(random.Random(seed).sample(rows, most))


class Set:
    """One set in one representation: rows as dictionaries, or a label each with their embeddings."""

    def __init__(self, name, representation, rows, columns=None, embeddings=None, split=False):
        self.name = f"{name}.{representation}"
        self.representation = representation
        self.development = name in DEVELOPMENT
        self.columns = columns
        self.split = split
        keep = list(range(len(rows)))
        if split:
            pool = cut([i for i in keep if rows[i]["split"] == "train"], MOST_POOL, 0)
            keep = sorted(pool + cut([i for i in keep if rows[i]["split"] == "test"], MOST_TEST, 0))
        else:
            keep = cut(keep, round(MOST_POOL / (1 - TEST_SHARE)), 0)
        self.rows = [rows[i] for i in keep]
        self.embeddings = None if embeddings is None else np.asarray(embeddings)[keep]
        self.labels = [str(row["label"]) for row in self.rows]
        self.classes = len(set(self.labels))
        self.pool = sum(row["split"] == "train" for row in self.rows) if split else round((1 - TEST_SHARE) * len(self.rows))
        self.imbalanced = max(self.labels.count(label) for label in set(self.labels)) > 0.8 * len(self.labels)

    def write(self, folder):
        """The file, and the options of the command that reads it."""
        options = ["--label", "label"]
        names = ["label"] + (["split"] if self.split else [])
        if self.embeddings is not None:
            np.save(folder / "embeddings.npy", self.embeddings)
            options += ["--embeddings", folder / "embeddings.npy"]
        elif self.columns:
            names += self.columns
            options += ["--columns", ",".join(self.columns)]
        else:
            names += ["text"]
            options += ["--text", "text"]
        options += ["--split", "split"] if self.split else ["--test-fraction", str(TEST_SHARE)]
        text = io.StringIO()
        writer = csv.DictWriter(text, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        path = folder / "data.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        return [path] + options


def tables(data):
    for name in TABLES:
        rows = read_table(data / "al-benchmark-tabular" / f"{name}.csv.gz")
        yield Set(name, "table", rows, [column for column in rows[0] if column not in ("id", "label")])
    for name in LARGER:
        rows = read_table(data / name / "data.csv.gz")
        yield Set(name, "table", rows, [column for column in rows[0] if column not in ("id", "label", "split")], split=True)


def texts(data):
    for name in TEXTS:
        rows = read_lines(data / name / "data.jsonl.gz")
        embeddings = np.load(data / name / "embeddings_minilm.npy", mmap_mode="r")
        known = [i for i, row in enumerate(rows) if row["split"] in ("train", "test") and row["label"] != "oos"]
        rows, embeddings = [rows[i] for i in known], embeddings[known]
        split = any(row["split"] == "test" for row in rows)
        yield Set(name, "tfidf", rows, split=split)
        yield Set(name, "embeddings", rows, embeddings=embeddings, split=split)
    embeddings = np.load(data / "synergy-screening/embeddings_minilm.npy", mmap_mode="r")
    begin = 0
    for name in REVIEWS:
        rows = read_lines(data / "synergy-screening" / f"{name}.jsonl.gz")
        for row in rows:
            row["text"] = f"{row['title'] or ''} {row['abstract'] or ''}".strip() or "(empty)"
        yield Set(name, "tfidf", rows)
        yield Set(name, "embeddings", rows, embeddings=embeddings[begin:begin + len(rows)])
        begin += len(rows)


def images(data):
    for name in IMAGES:
        embeddings = np.load(data / name / "embeddings_efficientnet-lite0.npy", mmap_mode="r")
        yield Set(name, "embeddings", image_rows(data / name, name, len(embeddings)), embeddings=embeddings)


def image_rows(folder, name, count):
    if name == "mnist":
        with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
            labels = list(file.read()[8:])
    else:
        labels = [row["label"] for row in read_table(folder / "test-labels.csv.gz")]
    if len(labels) < count:
        raise ValueError(f"{folder.name}: {count} embeddings, {len(labels)} labels")
    return [{"label": label} for label in labels[:count]]


def all_sets(data):
    yield from tables(data)
    yield from texts(data)
    yield from images(data)
