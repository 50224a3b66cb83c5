"""Querist: active learning, every query strategy exact and fast.

`querist.select` chooses what to label next from arrays, `querist.stream` one instance at a time, `querist.quality` whom
to ask again; `querist.metrics` says how good the result is. `querist.learners` trains, `querist.semi_supervised` labels what
nobody labelled. `querist.sklearn` wraps estimators.
"""
from __future__ import annotations

from . import learners, metrics, quality, select, semi_supervised, stream
from ._core import limit_vectors, set_threads, thread_count
from ._core import version as __version__

__all__ = ["__version__", "learners", "limit_vectors", "metrics", "quality", "select", "semi_supervised", "set_threads", "stream",
           "thread_count"]
