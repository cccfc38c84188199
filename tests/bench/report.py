"""report.py - from samples to medians, to a Markdown table and to JSON. Pure, but for machine()."""

import os
import platform
import subprocess
from pathlib import Path
from statistics import median

import tools
from origin import CORES

MIB, GIB = 1 << 20, 1 << 30
VERSION_LIMIT_S = 10  # for a program to say what it is


def first_line(*command):
    """The first line a program says; None when it is not there or fails."""
    try:
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=VERSION_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else None


def field(path, name):
    lines = Path(path).read_text().splitlines()
    found = [line.split(":", 1)[1].strip() for line in lines if line.startswith(name)]
    return found[0] if found else None


def machine(shardfetch, source):
    """What the numbers were measured on and with."""
    return {
        "cpu": field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": CORES,
        "memory_mib": int(field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": platform.release(),
        "load_at_start": os.getloadavg()[0],
        "commit": first_line("git", "-C", source, "describe", "--always", "--dirty"),
        "versions": {
            "shardfetch": first_line(shardfetch, "--version"),
            "aria2c": first_line("aria2c", "--version"),
            "curl": first_line("curl", "--version"),
            "wget2": first_line("wget2", "--version"),
            "openssl": first_line("openssl", "version"),
            "nginx": first_line("nginx", "-v"),
            "compiler": first_line("cc", "--version"),
        },
    }


def cpu_s(sample):
    return sample["user_s"] + sample["sys_s"]


def kind(row):
    return "floor" if row in tools.FLOORS else "ours" if row in tools.OURS else "peer"


def summary(row, problem, samples, total_bytes):
    """One row: medians over the good samples, the spread, the worst memory."""
    good = [s for s in samples if not s["problem"]]
    result = {"row": row, "kind": kind(row), "state": "FAILED" if problem else "ok",
              "problem": problem, "runs": len(samples), "good_runs": len(good),
              "samples": samples}
    if good:
        walls = [s["wall_s"] for s in good]
        result |= {
            "wall_s": {"median": median(walls), "min": min(walls), "max": max(walls)},
            "mib_per_s": total_bytes / MIB / median(walls),
            "cpu_s": median(map(cpu_s, good)),
            "cpu_s_per_gib": median(map(cpu_s, good)) / (total_bytes / GIB),
            "origin_cpu_s": median(s["origin_cpu_s"] for s in good),
            "peak_rss_mib": max(s["rss_kib"] for s in good) / 1024,
            "others_share": median(s["others_share"] for s in good),
        }
    return result


def floors(rows):
    """The slowest floor, and what all floors together cost when no core ever idles. They share the
    machine's cores, so they add; None where a floor is missing."""
    found = {r["row"]: r for r in rows if r["kind"] == "floor" and "wall_s" in r}
    if set(found) != set(tools.FLOORS):
        return {"wall_s": None, "cpu_over_cores_s": None}
    work = sum(r["cpu_s"] for r in found.values()) + found["floor-read"]["origin_cpu_s"]
    return {"wall_s": max(r["wall_s"]["median"] for r in found.values()),
            "cpu_over_cores_s": work / CORES}


def case_result(case, target, data, problems, samples):
    """Everything about one case; the ratios of a row that failed are left out."""
    rows = [summary(row, problems[row], samples[row], data.bytes) for row in problems]
    floor = floors(rows)
    peers = [r["wall_s"]["median"] for r in rows if r["kind"] == "peer" and r["state"] == "ok"]
    for row in rows:
        if row["state"] == "ok" and "wall_s" in row:
            wall = row["wall_s"]["median"]
            row["times_floor"] = wall / floor["wall_s"] if floor["wall_s"] else None
            row["times_fastest_peer"] = wall / min(peers) if peers else None
    return {"case": case, "target": target, "files": data.count, "bytes": data.bytes,
            "floor": floor, "rows": rows}


def cell(value, form):
    return "–" if value is None else format(value, form)


def table_row(row):
    state = f"FAILED ({row['problem']})" if row["problem"] else "ok"
    if "wall_s" not in row:
        return f"| {row['row']} | – | – | – | – | – | – | – | {state} |"
    wall = row["wall_s"]
    gib = row["cpu_s"] / row["cpu_s_per_gib"] if row["cpu_s_per_gib"] else None
    return (f"| {row['row']} | {wall['median']:.2f} ({wall['min']:.2f}–{wall['max']:.2f})"
            f" | {row['mib_per_s']:.0f} | {cell(row.get('times_floor'), '.2f')}"
            f" | {cell(row.get('times_fastest_peer'), '.2f')} | {row['cpu_s_per_gib']:.2f}"
            f" | {cell(gib and row['origin_cpu_s'] / gib, '.2f')} | {row['peak_rss_mib']:.0f}"
            f" | {state} |")


def markdown(result):
    """The table of one case, as it goes into a note."""
    rounds = max((r["runs"] for r in result["rows"]), default=0)
    floor = result["floor"]
    others = max((r.get("others_share", 0) for r in result["rows"]), default=0)
    return "\n".join([
        f"### {result['case']} → {result['target']} ({result['files']} files,"
        f" {result['bytes'] / MIB:.0f} MiB, {rounds} rounds)",
        "",
        f"floor = the slowest of read, SHA-256, write: {cell(floor['wall_s'], '.2f')} s;"
        f" CPU of all three and of the origin's reading over {CORES} cores:"
        f" {cell(floor['cpu_over_cores_s'], '.2f')} s",
        "",
        "| row | wall s, median (min–max) | MiB/s | × floor | × fastest peer | CPU s/GiB"
        " | origin CPU s/GiB | peak RSS MiB | state |",
        "|---|---|---|---|---|---|---|---|---|",
        *map(table_row, result["rows"]),
        "",
        f"Other processes used up to {others:.0%} of the machine meanwhile (the worst row's"
        " median). RSS is that of a row's largest process.",
        "",
    ])


def about(facts):
    versions = "; ".join(f"{name}: {said}" for name, said in facts["versions"].items() if said)
    return (f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_mib']} MiB, Linux"
            f" {facts['kernel']}, load {facts['load_at_start']:.2f} at the start,"
            f" commit {facts['commit']}\n{versions}\n")
