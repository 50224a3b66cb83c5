"""Wrong uses of the package: mypy must find each one, or the types would promise nothing."""
from __future__ import annotations

from querist import select

select.margin("3", probabilities=[[0.5, 0.5]])  # wrong
select.margin(3, probability=[[0.5, 0.5]])  # wrong
select.margin(3, [[0.5, 0.5]])  # wrong
select.density_weighted(2, probabilities=[[0.5, 0.5]], similarity="round")  # wrong
rows: list[int] = select.margin(3, probabilities=[[0.5, 0.5]])  # wrong
select.top_k([1.0], "1")  # wrong
