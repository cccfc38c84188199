"""origin.py - what is fetched and who serves it: generated files with their digests, a certificate
authority for one run, and one nginx worker on a free loopback port."""

import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

CORES = len(os.sched_getaffinity(0))


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Dataset:
    """`count` files of `each` bytes in `folder`, named as in `digests` (name -> hex)."""

    folder: Path
    count: int
    each: int
    digests: dict

    @property
    def bytes(self):
        return self.count * self.each

    def with_a_wrong_digest(self):
        """The same files, the last one's digest a lie."""
        last = max(self.digests)
        return Dataset(self.folder, self.count, self.each, {**self.digests, last: "0" * 64})

    def problem_in(self, folder):
        """None, or how the files in `folder` differ from these."""
        def check(name):
            path = folder / name
            if not path.is_file():
                return f"'{name}' is missing"
            return None if sha256(path) == self.digests[name] else f"'{name}' has other bytes"

        with ThreadPoolExecutor(CORES) as pool:
            return next((problem for problem in pool.map(check, self.digests) if problem), None)


def make_dataset(parent, count, each, programs):
    """Files and SHA256SUMS below `parent`, made once: what an earlier run left there is used."""
    folder = parent / f"{count}x{each}"
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        key = str(count * 1_000_003 + each)
        subprocess.run([programs / "bench_floor_write", folder, str(count), str(each), key],
                       check=True)
        names = sorted(path.name for path in folder.iterdir())
        with ThreadPoolExecutor(CORES) as pool:
            hashes = list(pool.map(sha256, (folder / name for name in names)))
        sums.write_text("".join(f"{h}  {name}\n" for h, name in zip(hashes, names)))
    lines = [line.split("  ", 1) for line in sums.read_text().splitlines()]
    return Dataset(folder, count, each, {name: digest for digest, name in lines})


def make_certificates(folder):
    """A CA (ca.pem) and a server certificate for 127.0.0.1 (server.pem, server.key)."""
    folder.mkdir()
    new_key = ["openssl", "req", "-x509", "-days", "2", "-nodes", "-newkey", "ec",
               "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    ca = ["-subj", "/CN=benchmark CA", "-keyout", "ca.key", "-out", "ca.pem",
          "-addext", "keyUsage=critical,keyCertSign"]
    server = ["-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.pem",
              "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE",
              "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    for what in (ca, server):
        subprocess.run(new_key + what, cwd=folder, check=True, capture_output=True)
    return folder


CONFIG = """
daemon off;
worker_processes 1;
{user}
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    default_type application/octet-stream;
    client_body_temp_path {work}/temp;
    proxy_temp_path {work}/temp;
    fastcgi_temp_path {work}/temp;
    uwsgi_temp_path {work}/temp;
    scgi_temp_path {work}/temp;
    server {{
        listen 127.0.0.1:{port} {flags};
        root {root};
        {tls}
    }}
}}
"""


class Origin:
    """nginx with one worker and a prefix of its own; serves `root` while the block lasts.

    The port cannot be lost to someone else: the socket is bound here and handed over, the way
    nginx hands its sockets to the next version of itself (environment variable NGINX)."""

    def __init__(self, root, work, certificates=None, h2=False):
        self.work, self.certificates = work, certificates
        work.mkdir()
        listener = socket.create_server(("127.0.0.1", 0), backlog=511)
        port = listener.getsockname()[1]
        self.url = f"{'https' if certificates else 'http'}://127.0.0.1:{port}"
        tls = ""
        if certificates:
            tls = (f"ssl_certificate {certificates}/server.pem; "
                   f"ssl_certificate_key {certificates}/server.key;")
        # root may read what it was given, wherever that is; others run nginx as themselves
        user = "user root root;" if os.getuid() == 0 else ""
        flags = ("ssl " if certificates else "") + ("http2" if h2 else "")
        config = work / "nginx.conf"
        config.write_text(CONFIG.format(work=work, port=port, flags=flags, root=root, tls=tls,
                                        user=user))
        with listener:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "nginx", "-p", work, "-c", config,
                 "-e", work / "error.log"],
                env={"PATH": os.environ["PATH"], "NGINX": f"{listener.fileno()};"},
                pass_fds=[listener.fileno()])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    @property
    def cacert(self):
        return self.certificates / "ca.pem" if self.certificates else None

    def wait_ready(self, path):
        """Returns once `path` was served; a dead nginx refuses or resets the connection."""
        trust = ssl.create_default_context(cafile=self.cacert) if self.cacert else None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=trust))
        try:
            with opener.open(f"{self.url}/{path}", timeout=30) as reply:
                reply.read()
        except OSError as e:
            log = (self.work / "error.log")
            said = log.read_text() if log.exists() else ""
            raise SystemExit(f"nginx does not serve: {e}\n{said}") from e

    def cpu_s(self):
        """CPU seconds of the worker up to now."""
        master = self.process.pid
        worker = Path(f"/proc/{master}/task/{master}/children").read_text().split()[0]
        return int(Path(f"/proc/{worker}/schedstat").read_text().split()[0]) / 1e9
