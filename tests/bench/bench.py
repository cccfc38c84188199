"""bench.py - our binary against aria2c, curl -Z + openssl dgst and wget2 + openssl dgst, one nginx
worker on this machine, floors in the same run. Installs what is missing and builds release first.

Prints a Markdown table for each case; the same and JSON with every sample go to build/bench/.
Exit code 1 when a row FAILED: its command, its proof that it verifies, or the check of its files.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import report
import rounds
import tools
from origin import Origin, make_certificates, make_dataset

SOURCE = Path(__file__).resolve().parents[2]
MIB = 1 << 20
PROOF_FILES, PROOF_BYTES = 5, 70_001  # small and of no round size
MEMORY_SPARE = 1 << 30


@dataclass(frozen=True)
class Case:
    about: str
    files: int  # at most
    each: int = 0  # bytes of a file; 0 = --size over all files
    tls: bool = False
    h2: bool = False

    def shape(self, total):
        if self.each:
            return min(self.files, max(1, total // self.each)), self.each
        return self.files, total // self.files


CASES = {
    "http": Case("8 files over plain HTTP", 8),
    "tls": Case("8 files over TLS, HTTP/1.1", 8, tls=True),
    "h2": Case("8 files over TLS, HTTP/2 offered", 8, tls=True, h2=True),
    "single": Case("1 file over plain HTTP", 1),
    "many": Case("up to 5000 files of 16 KiB over plain HTTP", 5000, each=16384),
    "many-tls": Case("up to 5000 files of 16 KiB over TLS, HTTP/1.1", 5000, each=16384, tls=True),
}


def names_of(known):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(known)}")
        return names
    return parse


def arguments():
    cases = "".join(f"  {name:9} {case.about}\n" for name, case in CASES.items())
    p = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__,
                                epilog="cases:\n" + cases,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("cases", nargs="*", metavar="CASE", help="default: http tls single many")
    p.add_argument("--size", type=int, metavar="MIB", help="all files together (default: 4096)")
    p.add_argument("--rounds", type=int, help="default: 5")
    p.add_argument("--quick", action="store_true", help="256 MiB and 2 rounds, unless said")
    p.add_argument("--only", type=names_of(tools.ROWS), default=list(tools.ROWS),
                   metavar="ROW,…", help=f"of {', '.join(tools.ROWS)}")
    p.add_argument("--dir", type=Path, default=rounds.MEMORY,
                   help="where the downloads go, in a folder of their own (default: %(default)s)")
    p.add_argument("--data", type=Path,
                   help="keep the generated files here for later runs (default: in memory, removed)")
    p.add_argument("--out", type=Path, default=SOURCE / "build/bench", help="for the results")
    p.add_argument("--seed", type=int, help="of the order within the rounds (default: random)")
    p.add_argument("--limit", type=int, default=600, metavar="S", help="for one run of one row")
    p.add_argument("--programs", type=Path, metavar="DIR",
                   help="take what was built there; install and build nothing")
    p.add_argument("--shardfetch", type=Path, metavar="FILE", help="the program to measure")
    args = p.parse_args()
    args.size = args.size or (256 if args.quick else 4096)
    args.rounds = args.rounds or (2 if args.quick else 5)
    args.seed = random.randrange(1 << 32) if args.seed is None else args.seed
    args.cases = args.cases or ["http", "tls", "single", "many"]
    if min(args.size, args.rounds, args.limit) < 1:
        p.error("--size, --rounds and --limit are at least 1")
    for case in args.cases:
        if case not in CASES:
            p.error(f"no case '{case}': there are {', '.join(CASES)}")
    return args


def prepare():
    """Packages and a release build; returns its folder."""
    subprocess.run([SOURCE / "cli/install-packages", "build", "bench"], check=True)
    for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release"]):
        subprocess.run(command, cwd=SOURCE, check=True, stdout=sys.stderr)
    return SOURCE / "build/release"


def check_memory(args):
    """Input, output and the warm-up live in memory; running out of it would end other programs."""
    total = args.size * MIB
    inputs = sum(n * each for n, each in {CASES[name].shape(total) for name in args.cases})
    needed = inputs + total * 9 // 8 + MEMORY_SPARE
    available = int(report.field("/proc/meminfo", "MemAvailable").split()[0]) * 1024
    if needed > available:
        sys.exit(f"--size {args.size} needs {needed // MIB} MiB of memory;"
                 f" {available // MIB} MiB are available")


def run_case(name, args, scratch):
    """Measures one case from making its files to its result."""
    case, data_dir = CASES[name], args.data or scratch / "data"
    data = make_dataset(data_dir, *case.shape(args.size * MIB), args.programs)
    small = make_dataset(data_dir, PROOF_FILES, PROOF_BYTES, args.programs)
    work = scratch / name
    work.mkdir()
    out = Path(tempfile.mkdtemp(prefix="shardfetch-bench-", dir=args.dir))
    certificates = make_certificates(work / "certificates") if case.tls else None
    try:
        with Origin(data_dir, work / "nginx", certificates, case.h2) as origin:
            origin.wait_ready(f"{data.folder.name}/SHA256SUMS")
            job, small_job = (
                tools.Job(d, f"{origin.url}/{d.folder.name}/", origin.cacert, out / "files", work,
                          args.programs, args.shardfetch) for d in (data, small))
            experiment = rounds.Experiment(args.only, args.rounds, args.seed, args.limit)
            problems, samples = rounds.alternate(experiment, job, small_job, origin)
        return report.case_result(name, rounds.file_system(out), data, problems, samples)
    finally:
        shutil.rmtree(out)


def main():
    args = arguments()
    # being stopped removes what lies in memory, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    args.programs = (args.programs or prepare()).resolve()
    args.shardfetch = (args.shardfetch or args.programs / "shardfetch").resolve()
    for folder in filter(None, (args.data, args.out)):
        folder.mkdir(parents=True, exist_ok=True)
    args.data, args.dir = args.data and args.data.resolve(), args.dir.resolve()
    check_memory(args)
    facts = report.machine(args.shardfetch, SOURCE)
    print(report.about(facts))
    results = []
    with tempfile.TemporaryDirectory(prefix="shardfetch-bench-", dir=rounds.MEMORY) as scratch:
        os.chmod(scratch, 0o755)
        for name in args.cases:
            results.append(run_case(name, args, Path(scratch)))
            print(report.markdown(results[-1]), flush=True)
    document = {"schema": 1, "machine": facts, "seed": args.seed, "rounds": args.rounds,
                "cases": results}
    (args.out / "result.json").write_text(json.dumps(document, indent=1) + "\n")
    tables = [report.about(facts)] + [report.markdown(result) for result in results]
    (args.out / "result.md").write_text("\n".join(tables))
    return 1 if any(row["problem"] for result in results for row in result["rows"]) else 0


if __name__ == "__main__":
    sys.exit(main())
