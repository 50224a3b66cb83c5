"""The section of bench/RESULTS.md about a selection over a million rows, from what bench_million printed."""

# Most seconds on two idle AVX2 cores, scores of all rows included; with AVX-512 a third of them.
GOALS = {"margin": 2, "cluster_margin": 5, "badge": 30, "k_center": 30, "max_herding": 5, "uherding": 5}
METHODS = {
    "margin": "exact",
    "cluster_margin": "centres from a sample of 50,000",
    "badge": "exact: the distribution of one pass a pick",
    "k_center": "exact greedy",
    "max_herding": "10 sampled targets a pick, 6,000 candidates",
    "uherding": "10 sampled targets a pick, 6,000 candidates",
}
PICKS = {"random": "random", "few_targets": "3,000 targets, 6,000 candidates", "default": "default",
         "reference": "reference"}


def _goal(name, vectors, threads, wall):
    goal = GOALS.get(name)
    if goal is None or threads != 2:
        return " | "
    goal = goal if vectors == "AVX2" else goal / 3
    return f"{goal:.3g} s | {'yes' if wall < goal else 'no'}"


def _times(results):
    lines = ["| strategy | how | vectors | threads | wall | CPU | of it scores | bytes | passes | flops | floor, CPU | of the roofline | "
             "CPU a thread | goal wall | met |", "|" + "---|" * 15]
    for result in results["timed"]:
        for run in result["runs"]:
            for name, row in ((name, run["strategies"][name]) for name in METHODS):
                scores = f"{run['scoring']['cpu_s']:.2f} s" if row["scores"] else "none"
                lines.append(
                    f"| {name} | {METHODS[name]} | {result['vectors']} | {run['threads']} | {row['wall_s']:.2f} s | {row['cpu_s']:.2f} s | "
                    f"{scores} | {row['bytes'] / 1e9:.2f} GB | {row['passes']:.1f} | {row['flops'] / 1e9:,.0f} G | "
                    f"{row['floor_cpu_s']:.2f} s | {100 * row['roofline']:.0f}% | {row['cpu_s'] / run['threads']:.2f} s | "
                    f"{_goal(name, result['vectors'], run['threads'], row['wall_s'])} |")
    return lines


def _machine(results):
    lines = ["| vectors | threads | read | multiply-adds | margin, no table | load |", "|" + "---|" * 6]
    for result in results["timed"]:
        for run in result["runs"]:
            fused = run["margin_by_blocks"]
            lines.append(f"| {result['vectors']} | {run['threads']} | {run['read_gb_per_cpu_s']:.1f} GB/s | "
                         f"{run['gflop_per_cpu_s']:.0f} GFLOP/s | {fused['cpu_s']:.2f} s CPU | "
                         f"{result['load_before']:.1f} to {result['load_after']:.1f} |")
    return lines


def _losses(lost):
    lines = ["| strategy | " + " | ".join(PICKS.values()) + " | default loses | gain over random kept | no batch above |",
             "|" + "---|" * (len(PICKS) + 4)]
    for name in ("max_herding", "uherding"):
        part = lost[name]
        values = " | ".join(f"{part['values'][key]:.4f}" for key in PICKS)
        lines.append(f"| {name} | {values} | {part['lost_percent']:.2f}% | {part['gain_over_random_kept_percent']:.0f}% | "
                     f"{part['bound']:.4f} |")
    return lines


def million_section(results):
    first, lost = results["timed"][0], results["lost"]["loss"]
    herding, clusters = lost["max_herding"], lost["cluster_margin"]
    width = max(lost[name]["half_width"] for name in ("max_herding", "uherding"))
    return [
        f"## A batch of {first['batch']:,} from {first['rows']:,} rows", "",
        f"Taken on {results['date']}, {results['machine']['model']}, {results['machine']['cores']} cores. Rows of {first['features']} "
        f"float16 features in a mapped file that the page cache holds, {first['classes']} classes of {first['modes']} Gaussians each, "
        f"{first['labels']:,} labels; strategies by select_batch, which checks every number first. Wall and CPU include the scores of all "
        "rows by the linear head where the strategy reads probabilities; the quicker of three runs under 5 s, else one. The floor is the "
        "longer of bytes over the read rate and flops over the rate of multiply-adds, both measured in the same run by second of "
        "processor time; the share of the roofline is the floor over the CPU time. A distance of k_center counts three flops, of which "
        "a multiply-add does two; gains that herding looks at again are not counted. Goals are for wall on two idle AVX2 cores, a third of that "
        "with AVX-512; the load that each wall was taken under stands below: above 2, CPU a thread says more of two idle cores.", "",
        *_times(results), "", "Rates by second of processor time of one thread's core, and margin with no table of probabilities, "
        "block by block:", "", *_machine(results), "",
        f"What sampling loses: the weighted mean coverage of {herding['held_out']:,} held-out rows (each value within {width:.3f} of the "
        "pool's at 95%, by Hoeffding's inequality; differences on the same rows are surer), by the picks of "
        f"the default, of other samples, and of the reference: exact greedy over {herding['reference_targets']:,} other targets and "
        f"{herding['reference_candidates']:,} candidates. No batch from those candidates "
        "covers the held-out rows above the last column, for gains only shrink.", "",
        *_losses(lost), "",
        f"cluster_margin: with centres from {clusters['sample']:,} rows the picks reach {100 * clusters['reached']:.1f}% of the clusters "
        f"of the shortlist, as a k-means of {clusters['larger_sample']:,} rows with another seed sees them; with centres from "
        f"{clusters['larger_sample']:,} rows {100 * clusters['reached_larger']:.1f}%, by margin alone {100 * clusters['reached_margin']:.1f}%: "
        f"{clusters['lost_percent']:.1f}% lost. Held-out rows lie {clusters['squared_more_percent']:.1f}% farther (squared) from the "
        "centres of the smaller sample."]
