"""Called by compare.sh: runs both programs in turn and compares what they take and what they find."""

import json
import os
import statistics
import subprocess
import sys
import time

SCRATCH, CORPUS, RUNS = os.environ["SCRATCH"], os.environ["CORPUS"], int(os.environ["RUNS"])
COMMANDS = {
    "policy": [os.environ["POLICY"], "test", "-p", "benches/policy", "-o", "json"]
    + os.environ.get("POLICY_ARGS", "").split(),
    "conftest": [os.environ["CONFTEST"], "test", "-p", "benches/policy", "--all-namespaces", "-o", "json"],
}


def run(name, target, out):
    """Wall and processor seconds and peak memory in MiB of one run; its output goes to a file.

    A child starts with the peak memory of its parent, so nothing large may be read here before the last run.
    """
    with open(f"{SCRATCH}/{name}-{out}.json", "wb") as out:
        started = time.monotonic()
        child = subprocess.Popen([*COMMANDS[name], target], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"{name} could not check {target}: exit code {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(title, target, runs, out):
    print(f"\n{title}")
    figures = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name in COMMANDS:
            figures[name].append(run(name, target, out))
    medians = {}
    for name, rows in figures.items():
        columns = list(zip(*rows))
        medians[name] = [statistics.median(column) for column in columns]
        lows = [min(column) for column in columns]
        print(
            f"  {name:9} wall {medians[name][0]:8.3f} s (min {lows[0]:.3f})"
            f"   processor {medians[name][1]:8.3f} s   memory {medians[name][2]:7.1f} MiB"
        )
    ratios = [theirs / max(ours, 1e-9) for ours, theirs in zip(medians["policy"], medians["conftest"])]
    print(f"  ratio     wall {ratios[0]:8.1f}     processor {ratios[1]:17.1f}     memory {ratios[2]:10.1f}")


def ours():
    with open(f"{SCRATCH}/policy-all.json", encoding="utf-8") as file:
        report = json.load(file)
    return {
        (f["location"]["file"], f["rule"].rsplit(".", 1)[0], f["level"], f["message"]) for f in report["findings"]
    }


def theirs():
    with open(f"{SCRATCH}/conftest-all.json", encoding="utf-8") as file:
        results = json.load(file)
    return {
        (result["filename"], result["namespace"], level, finding["msg"])
        for result in results
        for level, key in (("failure", "failures"), ("warning", "warnings"))
        for finding in result.get(key) or []
    }


def main():
    print(f"{sum(len(files) for _, _, files in os.walk(CORPUS))} files, {RUNS} runs each in turn, medians")
    measure("all files, 9 rules", CORPUS, RUNS, "all")
    measure("one file", os.path.join(CORPUS, sorted(os.listdir(CORPUS))[0]), RUNS, "one")
    own, other = ours(), theirs()
    print(f"\nfindings: {len(own)} and {len(other)}")
    for row in sorted(own - other)[:5]:
        print("  only policy:  ", row)
    for row in sorted(other - own)[:5]:
        print("  only Conftest:", row)
    # Two empty sets are equal and prove nothing.
    sys.exit(0 if own and own == other else 1)


main()
