"""What the figures were taken on."""
import os
import subprocess


def machine():
    fields = dict(line.split(":", 1) for line in subprocess.run(["lscpu"], capture_output=True, text=True).stdout.splitlines()
                  if ":" in line)
    flags = fields.get("Flags", "").split()
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) / 2**20
    return {"model": fields.get("Model name", "unknown").strip(), "cores": os.cpu_count(), "memory_gb": round(memory, 1),
            "l2": fields.get("L2 cache", "").strip(), "l3": fields.get("L3 cache", "").strip(),
            "flags": [flag for flag in ("f16c", "fma", "avx2", "avx512f", "avx512bw") if flag in flags]}
