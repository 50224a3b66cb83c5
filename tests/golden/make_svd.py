"""Writes svd.txt: a small matrix, its largest singular values, right vectors and principal components, by NumPy.

Run: python make_svd.py > svd.txt   (needs numpy)
"""
import numpy as np

rng = np.random.default_rng(7)
rows, cols, rank = 40, 24, 6
# A decaying spectrum over noise, as term matrices have; about two thirds of the entries are zero.
a = (rng.normal(size=(rows, 8)) * 0.6 ** np.arange(8)) @ rng.normal(size=(8, cols))
a = np.where(rng.random((rows, cols)) < 0.35, a + 0.05 * rng.normal(size=(rows, cols)), 0).astype(np.float32)
_, singular, right = np.linalg.svd(a.astype(np.float64), full_matrices=False)
mean = a.astype(np.float64).mean(0)
_, spread, axes = np.linalg.svd(a - mean, full_matrices=False)


def line(values):
    print(" ".join(f"{v:.9g}" for v in np.ravel(values)))


print(rows, cols, rank)
line(a)
line(singular[:rank])
line(right[:rank])
line(spread[:rank] / np.sqrt(rows))
line(axes[:rank])
