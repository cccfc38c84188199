"""show.py - scenes that show what the parallel download system does, each against other tools or
against the same run without the trouble. Servers are our hub, or the hub behind relayd.

Installs what is missing and builds release first. In each round every row of a scene runs once, in
random order, with servers, home and target folder of its own; afterwards its files are compared
with what was served, outside of the measured time. A row that failed once has no numbers, one whose
program is missing says so. Prints a Markdown table for each scene; the same, and JSON with every
sample, go to build/bench/. Exit code 1 when a row FAILED.

  tests/bench/show                        everything, five rounds: half an hour
  tests/bench/show small-files            one scene
  tests/bench/show --count 1 --size 32 capped-many
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median

import report
import rounds
from bench import SOURCE, names_of, prepare
from show_scenes import SCENES
from show_stage import Stage


def window(text):
    first, last = (float(part) for part in text.split(","))
    if not 0 <= first < last:
        raise argparse.ArgumentTypeError("wants two rising numbers")
    return first, last


def arguments():
    scenes = "".join(f"  {name:13} {scene.about}\n" for name, scene in SCENES.items())
    p = argparse.ArgumentParser(prog="tests/bench/show", description=__doc__,
                                epilog="scenes:\n" + scenes,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("scenes", nargs="*", metavar="SCENE", help="default: all")
    p.add_argument("--count", type=int, default=5, help="rounds (default: 5)")
    p.add_argument("--size", type=int, default=512, metavar="MIB",
                   help="of what is fetched, in scenes of large files (default: 512)")
    p.add_argument("--window", type=window, default=(10.0, 20.0), metavar="FROM,TO",
                   help="seconds that the scene `collapse` looks at (default: 10,20)")
    p.add_argument("--only", metavar="ROW,…", default="", help="no other rows")
    p.add_argument("--dir", type=Path, default=rounds.MEMORY,
                   help="where the downloads go, in a folder of their own (default: %(default)s)")
    p.add_argument("--out", type=Path, default=SOURCE / "build/bench", help="for the results")
    p.add_argument("--seed", type=int, help="of the order and the losses (default: random)")
    p.add_argument("--limit", type=int, default=300, metavar="S", help="for one run of one row")
    p.add_argument("--programs", type=Path, metavar="DIR",
                   help="take what was built there; install and build nothing")
    args = p.parse_args()
    try:
        args.scenes = names_of(SCENES)(",".join(args.scenes)) if args.scenes else list(SCENES)
    except argparse.ArgumentTypeError as e:
        p.error(str(e))
    args.seed = random.randrange(1 << 32) if args.seed is None else args.seed
    if min(args.count, args.size, args.limit) < 1:
        p.error("--count, --size and --limit are at least 1")
    return args


def run_row(row, stage):
    """One sample; what goes wrong in a row is its problem, not the experiment's."""
    if row.needs and not shutil.which(row.needs):
        return {"problem": f"skipped: {row.needs} is not installed"}
    try:
        with stage.run() as run:
            return row.act(run)
    except (OSError, ValueError, KeyError, IndexError) as e:
        return {"problem": f"{type(e).__name__}: {e}"}


def run_scene(name, args, stage):
    """{row: [sample]} after all rounds."""
    wanted = [w for w in args.only.split(",") if w]
    rows = [row for row in SCENES[name].rows(args) if not wanted or row.name in wanted]
    samples = {row.name: [] for row in rows}
    shuffle = random.Random(args.seed).shuffle
    for number in range(1, args.count + 1):
        stage.round = number
        order = rows[:]
        shuffle(order)
        for row in order:
            sample = run_row(row, stage)
            samples[row.name].append(sample)
            told = sample.get("problem") or f"{sample['value']:.1f} {SCENES[name].unit}"
            print(f"round {number} {name} {row.name}: {told}", file=sys.stderr)
    return samples


def summary(row, samples):
    problems = [s["problem"] for s in samples if s.get("problem")]
    result = {"row": row, "problem": problems[0] if problems else None, "samples": samples}
    if not problems:
        values = [s["value"] for s in samples]
        result |= {"median": median(values), "min": min(values), "max": max(values)}
        if all("cpu_s" in s for s in samples):
            result["cpu_s"] = median(s["cpu_s"] for s in samples)
    return result


def table(name, results, count):
    """Markdown; the first row is ours, or the run without the trouble."""
    scene = SCENES[name]
    first = results[0].get("median") if results else None
    lines = [f"### {name}: {scene.about} ({count} rounds)", "",
             f"| row | {scene.unit}, median (min–max) | × first | − first | CPU s | state |",
             "|---|---|---|---|---|---|"]
    for r in results:
        if r["problem"]:
            skipped = r["problem"].startswith("skipped: ")
            state = r["problem"] if skipped else f"FAILED ({r['problem']})"
            lines.append(f"| {r['row']} | – | – | – | – | {state} |")
            continue
        times = f"{r['median'] / first:.2f}" if first else "–"
        minus = f"{r['median'] - first:+.1f}" if first is not None else "–"
        lines.append(f"| {r['row']} | {r['median']:.1f} ({r['min']:.1f}–{r['max']:.1f}) | {times}"
                     f" | {minus} | {report.cell(r.get('cpu_s'), '.2f')} | ok |")
    said = scene.closing(results) if scene.closing else None
    return "\n".join(lines + [""] + ([said, ""] if said else []))


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    args.programs = (args.programs or prepare()).resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    facts = report.machine(args.programs / "shardfetch", SOURCE)
    facts["versions"]["rclone"] = report.first_line("rclone", "version")
    print(report.about(facts), flush=True)
    document = {"schema": 1, "machine": facts, "seed": args.seed, "count": args.count, "scenes": {}}
    texts = [report.about(facts)]
    failed = False
    with tempfile.TemporaryDirectory(prefix="shardfetch-show-", dir=args.dir) as scratch:
        os.chmod(scratch, 0o755)
        for name in args.scenes:
            stage = Stage(args, Path(scratch))
            samples = run_scene(name, args, stage)
            results = [summary(row, samples[row]) for row in samples]
            document["scenes"][name] = results
            texts.append(table(name, results, args.count))
            print(texts[-1], flush=True)
            failed |= any(r["problem"] and not r["problem"].startswith("skipped: ")
                          for r in results)
    (args.out / "show.json").write_text(json.dumps(document, indent=1) + "\n")
    (args.out / "show.md").write_text("\n".join(texts))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
