"""rounds.py - the experiment: each row proves that it verifies, then all rows alternate in random
order, round after round, each with warm memory, an empty folder and a check of what it left."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import tools
from origin import CORES

TIMED_OUT = 124  # as coreutils' timeout says it
WARM_SPARE_BYTES = 64 << 20  # at most, for the tools' own memory
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Experiment:
    rows: list  # names in tools.ROWS
    rounds: int
    seed: int
    limit_s: int  # for one run


def file_system(folder):
    return subprocess.run(["stat", "-f", "-c", "%T", folder], check=True, text=True,
                          capture_output=True).stdout.strip()


def busy_s():
    """CPU seconds all processes of the machine have used."""
    user, nice, system, _, _, irq, softirq = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def warm_up(job):
    """Touches and frees as much memory as the run will write: the first touch of memory that a
    virtual machine has not used for long costs several times a later one."""
    folder = job.work / "warm"
    folder.mkdir()
    count = 4 * CORES
    size = job.data.bytes
    each = (size * 9 // 8 + min(size, WARM_SPARE_BYTES)) // count
    subprocess.run([job.programs / "bench_floor_write", folder, str(count), str(each)], check=True)
    shutil.rmtree(folder)


def measured(command, job, limit_s):
    """What bench_measure reports about the command (only `exit` when it had to be stopped), and
    the last line the command said."""
    report, log = job.work / "report.json", job.work / "log"
    report.unlink(missing_ok=True)
    with open(log, "wb") as said:
        process = subprocess.Popen(
            [job.programs / "bench_measure", report, *map(str, command)], cwd=job.work,
            env=tools.environment(job), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True)
        try:
            code = process.wait(limit_s)
            text = report.read_text() if report.exists() else ""  # it may have been killed itself
            sample = json.loads(text) if text else {"exit": code if code >= 0 else 128 - code}
        except subprocess.TimeoutExpired:
            sample = {"exit": TIMED_OUT}
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    lines = log.read_text(errors="replace").strip().splitlines()
    return sample, lines[-1][:200] if lines else ""


def run_once(row, job, origin, limit_s):
    """One run of a row into an empty folder, checked afterwards; the folder is gone again."""
    job.out.mkdir()
    try:
        command = tools.ROWS[row](job)
        began, busy, served = time.monotonic(), busy_s(), origin.cpu_s()
        sample, said = measured(command, job, limit_s)
        sample["origin_cpu_s"] = origin.cpu_s() - served
        own = sample.get("user_s", 0) + sample.get("sys_s", 0) + sample["origin_cpu_s"]
        others = busy_s() - busy - own
        # of all cores; ticks are coarse, so this is an estimate
        sample["others_share"] = min(1, max(0, others / CORES / (time.monotonic() - began)))
        sample["problem"] = None
        if sample["exit"]:
            sample["problem"] = f"exit {sample['exit']}" + (f": {said}" if said else "")
        elif row not in tools.FLOORS:
            sample["problem"] = job.data.problem_in(job.out)
    finally:
        shutil.rmtree(job.out)
    return sample


def proof(row, job, origin, limit_s):
    """None when the row fetches `job` and refuses it with a wrong digest, else what is wrong."""
    sample = run_once(row, job, origin, limit_s)
    if sample["problem"]:
        return sample["problem"]
    lied_to = replace(job, data=job.data.with_a_wrong_digest())
    if run_once(row, lied_to, origin, limit_s)["exit"] == 0:
        return "does not verify: exit 0 with a wrong digest"
    return None


def alternate(experiment, job, small_job, origin):
    """({row: problem or None}, {row: [sample]}); a row that failed its proof has no samples.

    `small_job` is what the proof fetches."""
    problems = {row: None for row in experiment.rows}
    for row in experiment.rows:
        if row not in tools.FLOORS:
            problems[row] = proof(row, small_job, origin, experiment.limit_s)
    samples = {row: [] for row in experiment.rows}
    order = [row for row in experiment.rows if not problems[row]]
    shuffle = random.Random(experiment.seed).shuffle
    on_disk = file_system(job.out.parent) != "tmpfs"
    for number in range(1, experiment.rounds + 1):
        shuffle(order)
        for row in order:
            if on_disk:
                os.sync()  # nobody pays for what the row before left to write
            warm_up(job)
            sample = run_once(row, job, origin, experiment.limit_s)
            sample["round"] = number
            samples[row].append(sample)
            problems[row] = problems[row] or sample["problem"]
            took = sample["problem"] or f"{sample['wall_s']:.2f} s"
            print(f"round {number} {row}: {took}", file=sys.stderr)
    return problems, samples
