"""Prints by how many bytes a call on a mapped array raised this process's own memory at most."""
import pathlib
import re
import sys
import threading

import numpy as np

import querist


def own_bytes():
    return int(re.search(r"RssAnon:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) * 1024


def main():
    array = np.load(sys.argv[1], mmap_mode="r")
    choose = getattr(querist.select, sys.argv[2])
    choose(2, **{sys.argv[3]: array[:2000]})  # Threads and buffers that stay are not the array's.
    before = highest = own_bytes()
    work = threading.Thread(target=lambda: choose(3, **{sys.argv[3]: array}))
    work.start()
    while work.is_alive():
        highest = max(highest, own_bytes())
        work.join(0.001)
    print(max(highest, own_bytes()) - before)


if __name__ == "__main__":
    main()
