"""tools.py - one row of the table each: our program, its peers at their best settings, the floors.

A row is a function from a job to the words of its command; lists it needs are written before the
clock starts. All peers get the same number of connections, those of the issue of aria2c apart."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from origin import CORES, Dataset

CONNECTIONS = 8
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Job:
    """Fetch `data` from `url` into `out`, an empty folder; `work` is for lists and logs."""

    data: Dataset
    url: str  # of the folder, with the closing slash
    cacert: Path  # None for plain HTTP
    out: Path
    work: Path
    programs: Path  # folder of the bench_… programs
    shardfetch: Path

    def write(self, name, text):
        path = self.work / name
        path.write_text(text)
        return path

    def urls(self):
        return self.write("urls", "".join(f"{self.url}{name}\n" for name in self.data.digests))

    def trust(self, flag):
        return [flag, self.cacert] if self.cacert else []


def shardfetch(job):
    sums = "".join(f"{digest}  {name}\n" for name, digest in job.data.digests.items())
    return [job.shardfetch, "get", "--base-url", job.url, job.write("SHA256SUMS", sums),
            "--local-dir", job.out, "--connections", CONNECTIONS, "-q", *job.trust("--cacert")]


def shardfetch_no_sync(job):
    return [*shardfetch(job), "--no-sync"]


def aria2c(job):
    entries = "".join(f"{job.url}{name}\n checksum=sha-256={digest}\n out={name}\n"
                      for name, digest in job.data.digests.items())
    return ["aria2c", "--no-conf", "-q", "-x16", "-s16", "-j8", "--file-allocation=falloc",
            "-d", job.out, "-i", job.write("aria2.list", entries),
            *job.trust("--ca-certificate")]


def then_dgst(job, command):
    """`command`, then a check of the digests on all cores."""
    expected = sorted(f"{digest} *{name}\n" for name, digest in job.data.digests.items())
    batch = -(-job.data.count // (4 * CORES)) if job.data.count > 16 * CORES else 1
    return [HERE / "then_dgst", job.out, job.write("expected", "".join(expected)), job.work, CORES,
            batch, *command]


def curl(job):
    entries = "".join(f'url = "{job.url}{name}"\noutput = "{job.out / name}"\n'
                      for name in job.data.digests)
    return ["curl", "-q", "-Z", "--parallel-max", CONNECTIONS, "-s", "-S", "-f",
            *job.trust("--cacert"), "-K", job.write("curl.conf", entries)]


def curl_dgst(job):
    return then_dgst(job, curl(job))


def wget2_dgst(job):
    fetch = ["wget2", "--no-config", "-q", "-nH", f"--max-threads={CONNECTIONS}", "-nd",
             "-P", job.out, *([f"--ca-certificate={job.cacert}"] if job.cacert else []),
             "-i", job.urls()]
    return then_dgst(job, fetch)


def floor_read(job):
    return [job.programs / "bench_floor_read", job.urls(), job.data.bytes, CONNECTIONS,
            *([job.cacert] if job.cacert else [])]


def floor_hash(job):
    return [job.programs / "bench_floor_hash", job.data.count, job.data.each]


def floor_write(job):
    return [job.programs / "bench_floor_write", job.out, job.data.count, job.data.each]


OURS = {"shardfetch": shardfetch, "shardfetch-no-sync": shardfetch_no_sync}
PEERS = {"aria2c": aria2c, "curl+dgst": curl_dgst, "wget2+dgst": wget2_dgst}
FLOORS = {"floor-read": floor_read, "floor-hash": floor_hash, "floor-write": floor_write}
ROWS = {**FLOORS, **OURS, **PEERS}


def environment(job):
    """Nothing of the user's own settings reaches a tool, and nothing that another run learned."""
    return {"PATH": os.environ["PATH"], "HOME": str(job.work), "LC_ALL": "C.UTF-8",
            "XDG_STATE_HOME": tempfile.mkdtemp(prefix="state-", dir=job.work)}
