"""Calls one strategy on a big pool again and again until Ctrl-C, then once on a small one."""
import sys

import numpy as np

import querist


def main():
    choose = getattr(querist.select, sys.argv[1])
    if sys.argv[1] == "margin":
        given = {"probabilities": np.full((4_000_000, 10), 0.1, np.float32)}
    else:
        given = {"embeddings": np.random.default_rng(1).standard_normal((200_000, 128), np.float32)}
    print("calling", flush=True)
    try:
        while True:
            choose(100_000, **given)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    few = {name: value[:100] for name, value in given.items()}
    print("works again" if choose(5, **few).size == 5 else "broken", flush=True)


if __name__ == "__main__":
    main()
