"""Querist: active learning, every query strategy exact and fast.

`querist.select` chooses what to label next from arrays. `querist.sklearn` wraps estimators.
"""
from __future__ import annotations

from . import select
from ._core import limit_vectors, set_threads, thread_count
from ._core import version as __version__

__all__ = ["__version__", "limit_vectors", "select", "set_threads", "thread_count"]
