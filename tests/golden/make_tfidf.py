"""Writes tfidf.json: short texts and the inner products of their TF-IDF rows by scikit-learn, for every pair of texts.

Hashing renames columns, so rows cannot be compared, but their inner products can. The words and the characters
of a text each form a unit row; side by side they form one more.

Run: python make_tfidf.py > tfidf.json   (needs scikit-learn)
"""
import json

import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "the the the quick dog, the lazy lazy dog!",
    "A fox; a dog. A cat?",
    "I am",
    "Ärger über die Straße in ÖSTERREICH",
    "ärger über österreich",
    "L'été dernier, à l'ŒUVRE près du château",
    "Москва — столица РОССИИ",
    "столица России: москва",
    "Το ΝΕΡΟ είναι κρύο",
    "το νερό είναι ζεστό",
    "ŁÓDŹ i Žižkov, ĆWIKŁA",
    "łódź i žižkov",
    "東京 は 日本 の 首都",
    "日本の首都",
    "call 0800-123-456 NOW!!! win £1000",
    "call me now: 0800 123 456",
    "snake_case and CamelCase",
    "  tabs\tand\nnew   lines  ",
    "x",
    "it's don't e-mail",
]
# Each Han character or kana is a word by itself.
SINGLES = "\u3040-\u30ff\u4e00-\u9fff"


def tfidf(kind):
    if kind == "words":
        return TfidfVectorizer(ngram_range=(1, 2), token_pattern=f"(?u)[{SINGLES}]|[^\\W{SINGLES}]+", sublinear_tf=True)
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)


def gram(kinds):
    rows = [tfidf(kind).fit_transform(TEXTS) for kind in kinds]
    both = normalize(scipy.sparse.hstack(rows).tocsr())
    products = (both @ both.T).toarray()
    return {"columns": both.shape[1], "gram": [[round(float(v), 8) for v in line] for line in products]}


print(json.dumps({"texts": TEXTS, "words": gram(["words"]), "characters": gram(["characters"]),
                  "both": gram(["words", "characters"])}, ensure_ascii=False, indent=None))
