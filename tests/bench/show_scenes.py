"""show_scenes.py - the scenes: which rows each has, what a row does and what it measures. The first
row is ours, or the run without the trouble; the others are put in relation to it.

Peers have the settings that suit them best here and need not verify: the check of what they fetched
is not in their time, while ours verifies as always."""

import shlex
from dataclasses import dataclass
from typing import Callable

from show_stage import REPO

MIB = 1 << 20
RANGE_BYTES = 16 * MIB  # of the bare reader: few enough requests, many enough to share out
CRITICAL_BYTES = 4 * MIB
CRITICAL_MS = 500  # after so long it becomes known where the critical file is: the run is busy
CAPPED = ("--conn-rate", 20 * MIB)


@dataclass(frozen=True)
class Row:
    name: str
    act: Callable  # of a Run; gives a sample: value, problem, perhaps cpu_s
    needs: str = None  # program


@dataclass(frozen=True)
class Scene:
    about: str
    unit: str
    rows: Callable  # of the arguments
    closing: Callable = None  # of the results: one more sentence, or None


# ---- commands of the peers ----


def aria2c(run):
    job = run.job()
    entries = "".join(f"{job.url}{name}\n out={name}\n" for name in job.data.digests)
    return ["aria2c", "--no-conf", "-q", "-x16", "-s16", "-j8", "-k1M", "--file-allocation=falloc",
            "-d", run.out, "-i", job.write("aria2.list", entries)]


def curl(run):
    job = run.job()
    entries = "".join(f'url = "{job.url}{name}"\noutput = "{run.out / name}"\n'
                      for name in job.data.digests)
    return ["curl", "-q", "-L", "-Z", "-s", "-S", "-f", "-K", job.write("curl.conf", entries)]


def wget2(run):
    return ["wget2", "--no-config", "-q", "-nH", "-nd", "--max-threads=16", "-P", run.out, "-i",
            run.job().urls()]


def rclone(run):
    job = run.job()
    names = job.write("names", "".join(f"{name}\n" for name in job.data.digests))
    return ["rclone", "--config", "/dev/null", "-q", "copy", "--files-from", names, "--no-traverse",
            "--transfers", 8, "--multi-thread-cutoff", "16M", "--multi-thread-streams", 16,
            "--http-url", job.url, ":http:", run.out]


PEERS = {"aria2c": aria2c, "curl -Z": curl, "rclone": rclone, "wget2": wget2}


# ---- what rows do ----


def wall(sample):
    """In milliseconds."""
    return sample if sample["problem"] else {**sample, "value": sample["wall_s"] * 1000}


def goodput(sample, total):
    """In MiB/s."""
    return sample if sample["problem"] else {**sample, "value": total / MIB / sample["wall_s"]}


def fetch_by(command, count, each, *hub_options):
    """A row that runs one command for `count` files of `each` bytes; its wall time."""
    def act(run):
        run.serve(run.stage.data(count, each), *hub_options)
        return wall(run.measure(command(run)))
    return act


def ours(*options):
    return lambda run: run.get("-q", *options)


def against_peers(count, each, *hub_options):
    rows = [Row("shardfetch", fetch_by(ours(), count, each, *hub_options))]
    return rows + [Row(name, fetch_by(command, count, each, *hub_options), name.split()[0])
                   for name, command in PEERS.items()]


# ---- relay ----


def relay_options(run):
    """The same losses for all rows of a round."""
    seed = run.stage.args.seed + run.stage.round
    return ("--delay", 20, "--rate", 125_000_000, "--loss-ppm", 100, "--seed", seed)


def relay_ours(size):
    def act(run):
        data = run.stage.data(8, size // 8)
        run.serve(data, relay=relay_options(run))
        return goodput(run.measure(run.get("-q")), data.bytes)
    return act


def relay_bare(size, connections):
    def act(run):
        data = run.stage.data(8, size // 8)
        run.serve(data, relay=relay_options(run))
        lines = []
        for name in data.digests:
            url = run.signed(name)
            lines += [f"{url} {at}-{min(at + RANGE_BYTES, data.each) - 1}\n"
                      for at in range(0, data.each, RANGE_BYTES)]
        ranges = run.job().write("ranges", "".join(lines))
        command = [run.stage.programs / "bench_floor_read", ranges, data.bytes, connections]
        return goodput(run.measure(command, whole=False), data.bytes)
    return act


def relay_rows(args):
    size = 2 * args.size * MIB
    return [Row("shardfetch", relay_ours(size)),
            *(Row(f"bare-{n}", relay_bare(size, n)) for n in (8, 16, 32, 64))]


def relay_closing(results):
    bare = [r for r in results[1:] if not r["problem"]]
    if not bare or results[0]["problem"]:
        return None
    best = max(bare, key=lambda r: r["median"])
    share = results[0]["median"] / best["median"]
    return f"shardfetch has {share:.1%} of the best bare reader's goodput ({best['row']})."


# ---- collapse ----


def bytes_at(events, at_ms):
    """(bytes, ms) of the last progress event up to then."""
    seen = [(e["downloaded_this_session"], e["mono_ms"]) for e in events
            if e["type"] == "progress" and e["mono_ms"] <= at_ms]
    return seen[-1] if seen else (0, 0)


def collapse(connections, args):
    """MiB/s within the window; slow connections, so that the run is not over before its end."""
    from_ms, to_ms = (int(s * 1000) for s in args.window)
    rate = 2 * MIB
    size = int(16 * rate * (to_ms / 1000 + 10))

    def act(run):
        model = f"{REPO}:8:{size}"
        run.serve(None, "--no-digests", "--model", model, "--conn-rate", rate,
                  "--max-conns-before-collapse", 16, "--collapse-rate", 64 << 10)
        events = run.events(run.get("--connections", connections), until_ms=to_ms)
        first, last = bytes_at(events, from_ms), bytes_at(events, to_ms)
        if last[1] < from_ms:
            return {"problem": f"over after {events[-1]['mono_ms']} ms: {events[-1]}"}
        return {"problem": None, "value": (last[0] - first[0]) / MIB * 1000 / (last[1] - first[1])}
    return act


def collapse_rows(args):
    return [Row("auto" if n == "auto" else f"pinned-{n}", collapse(n, args))
            for n in ("auto", 4, 8, 16, 64)]


# ---- one bad connection ----


def bad_rows(args):
    size = args.size * MIB
    troubles = {"clean": [], "one-10-KB/s": ["--fault", "cdn * ##3 rate=10000"],
                "one-stalled": ["--fault", "cdn * ##3 stall=1000000"]}
    return [Row(name, fetch_by(ours("--connections", 8), 1, size, *CAPPED, *options))
            for name, options in troubles.items()]


# ---- a critical file ----


def critical_latency(events, alone):
    """From when it is known where the file is (file_start) to when it is there, in milliseconds."""
    started = [e["mono_ms"] for e in events
               if e["type"] == "file_start" and e["file"] == "critical.bin"]
    done = [(e["file"], e["mono_ms"]) for e in events if e["type"] == "file_done"]
    if "critical.bin" not in dict(done):
        return {"problem": f"critical.bin did not come: {events[-1] if events else 'no events'}"}
    if not alone and done[-1][0] == "critical.bin":
        return {"problem": "the run was over before the critical file: --size wants to be larger"}
    return {"problem": None, "value": dict(done)["critical.bin"] - started[0]}


def critical(alone, args):
    def act(run):
        data = run.stage.data(8, args.size * MIB // 8)
        extra = run.folder / "extra"
        extra.mkdir()
        (extra / "critical.bin").write_bytes(b"critical" * (CRITICAL_BYTES // 8))
        run.serve(data, "--dir", f"{REPO}={extra}", *CAPPED,
                  "--fault", f"resolve critical.bin delay={CRITICAL_MS}")
        which = ["--include", "critical.bin"] if alone else []
        command = run.get(*which, "--connections", 16, "--priority", "critical.bin=critical")
        events = run.events(command)
        sample = critical_latency(events, alone)
        if not sample["problem"] and not alone:
            sample["problem"] = data.problem_in(run.out)
        return sample
    return act


def critical_rows(args):
    return [Row("alone", critical(True, args)), Row("saturated", critical(False, args))]


# ---- limits ----


def limited(size, *options):
    def act(run):
        data = run.stage.data(8, size // 8)
        run.serve(data)
        return goodput(run.measure(run.get("-q", *options)), data.bytes)
    return act


def two_limited(size, *options):
    def act(run):
        data = run.stage.data(8, size // 8)
        run.serve(data)
        outs = [run.folder / name for name in ("one", "other")]
        one, other = (shlex.join(map(str, run.get("-q", *options, out=out))) for out in outs)
        command = ["sh", "-c", f"{one} & {other}; code=$?; wait $! && exit $code"]
        return goodput(run.measure(command, outs=outs), 2 * data.bytes)
    return act


def limit_rows(args):
    size = args.size * MIB
    return [Row("limit-50M", limited(size, "--limit-rate", "50M")),
            Row("unlimited", limited(size)),
            Row("two-share-50M", two_limited(size, "--limit-rate-shared", "50M"))]


SCENES = {
    "capped-many": Scene("large files in 8, 20 MiB/s per connection", "ms",
                         lambda args: against_peers(8, args.size * MIB // 8, *CAPPED)),
    "capped-one": Scene("1 large file, 20 MiB/s per connection", "ms",
                        lambda args: against_peers(1, args.size * MIB, *CAPPED)),
    "relay": Scene("a link of 40 ms, 1 Gbit/s, 0.01 % loss; twice the size", "MiB/s", relay_rows,
                   relay_closing),
    "collapse": Scene("2 MiB/s per connection, all crawl when more than 16", "MiB/s",
                      collapse_rows),
    "bad": Scene("8 connections at 20 MiB/s, one of them bad", "ms", bad_rows),
    "critical": Scene("latency of a critical file of 4 MiB, 16 connections at 20 MiB/s", "ms",
                      critical_rows),
    "limit": Scene("50 MiB/s asked for", "MiB/s", limit_rows),
    "small-files": Scene("5000 files of 16 KiB", "ms", lambda args: [
        row for row in against_peers(5000, 16384) if row.needs not in ("aria2c", "rclone")]),
}
