"""Wrong uses of the package: mypy must find each one, or the types would promise nothing."""
from __future__ import annotations

from querist import learners, select, semi_supervised

select.margin("3", probabilities=[[0.5, 0.5]])  # wrong
select.margin(3, probability=[[0.5, 0.5]])  # wrong
select.margin(3, [[0.5, 0.5]])  # wrong
select.density_weighted(2, probabilities=[[0.5, 0.5]], similarity="round")  # wrong
rows: list[int] = select.margin(3, probabilities=[[0.5, 0.5]])  # wrong
select.top_k([1.0], "1")  # wrong
learners.Forest(tree=3)  # wrong
learners.Forest(n_estimators="3")  # wrong
learners.Forest(task="clustering")  # wrong
learners.Ridge(task="regression")  # wrong
semi_supervised.co_training([[0.0]], [0])  # wrong
semi_supervised.self_training([[0.0]], [0], rounds="3")  # wrong
