"""A program that uses the package as a typed one: mypy reads it in strict mode, and it runs."""
from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import querist
from querist import select

probabilities: NDArray[np.float32] = np.full((10, 2), 0.5, np.float32)
embeddings: NDArray[np.float16] = np.arange(20, dtype=np.float16).reshape(10, 2)

assert_type(select.margin(3, probabilities=probabilities), NDArray[np.int64])
assert_type(select.margin(3, probabilities=probabilities, return_utilities=True), tuple[NDArray[np.int64], NDArray[np.float64]])
assert_type(select.k_center(2, embeddings=embeddings, labeled=[1, 2], labels=[0, 1], candidates=None), NDArray[np.int64])
assert_type(select.max_herding(2, embeddings=embeddings.tolist(), gamma=0.5, seed=3), NDArray[np.int64])
assert_type(select.density_weighted(2, probabilities=probabilities, embeddings=embeddings, similarity="cosine"), NDArray[np.int64])
assert_type(select.top_k([1.0, 2.0], 1), NDArray[np.int64])
assert_type(select.strategies(), list[dict[str, Any]])
assert_type(querist.__version__, str)
assert_type(querist.thread_count(), int)
querist.set_threads(2)
assert_type(querist.metrics.lure([1.0, 0.0], [0.1, 0.2], 10), querist.metrics.Estimate)
assert_type(querist.metrics.cbpe([0.25, 0.5])["f1"].ci_low, float)
assert_type(querist.metrics.brier_score([0, 1], [0.25, 0.5]), float)

model = querist.learners.LogisticRegression(C=1.0, class_weight="balanced")
assert_type(model.fit(embeddings, [0, 1] * 5), querist.learners.LogisticRegression)
assert_type(model.predict_proba(embeddings), NDArray[np.float64])
assert_type(model.set_params(C=None).score(embeddings, [0, 1] * 5), float)
forest = querist.learners.Forest(task="regression", n_estimators=3, random_state=1).fit(embeddings, [0.5, 1.5] * 5)
assert_type(forest.member_probabilities(embeddings), NDArray[np.float64])
partly = [0, 1] * 3 + [-1] * 4
assert_type(querist.semi_supervised.self_training(embeddings, partly), querist.semi_supervised.PseudoLabels)
labels, weights = querist.semi_supervised.gate(embeddings, partly, methods=["self_training"], folds=2)
assert_type(weights, NDArray[np.float32])
answer, decision = querist.semi_supervised.gate(embeddings, partly, methods="self_training", return_decision=True)
assert_type(decision.chosen, str)
