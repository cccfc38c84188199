#!/bin/bash
# Runs that get signals at random moments, SIGNALS of them (40): each ends by what it was sent with a
# whole stream, and leaves what the next one goes on with. Prints how long the stopping took.
signals=${SIGNALS:-40} seed=${SEED:-$RANDOM} # the library keeps nothing of the environment
source "$(dirname "$0")/lib.bash"

hub --model org/name:4:4M --fault 'cdn * rate=2097152'

SEED=$seed SIGNALS=$signals python3 - "$SHARDFETCH" "$here/validate-events" <<'PROGRAM'
import os, pathlib, random, shutil, signal, subprocess, sys, time

program, validate = sys.argv[1:]
seed, count = int(os.environ["SEED"]), int(os.environ["SIGNALS"])
pick = random.Random(seed)
print(f"seed {seed}, {count} runs")
STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
HARMLESS = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT]
for number in STOPPING:
    signal.signal(number, signal.SIG_DFL) # a background shell ignores some for its children


def fail(text):
    print(f"storm.sh: {text} (SEED={seed})", file=sys.stderr)
    sys.exit(1)


def started(target):
    """A run whose stream has begun: from then on signals are handled."""
    child = subprocess.Popen([program, "get", "org/name", "--local-dir", target, "--json"],
                             stdout=subprocess.PIPE, stderr=open("err", "w"))
    return child, child.stdout.readline()


stopping_s, stopped, target = [], 0, 0
for run in range(count):
    child, stream = started(f"storm-{target}")
    for _ in range(pick.randrange(4)):
        time.sleep(pick.uniform(0, 0.1)) # the moment is what is random
        child.send_signal(pick.choice(HARMLESS))
    time.sleep(pick.uniform(0, 0.4))
    number = pick.choice(STOPPING)
    sent = time.monotonic()
    child.send_signal(number)
    stream += child.stdout.read()
    status = child.wait()
    stopping_s.append(time.monotonic() - sent)
    pathlib.Path("stream").write_bytes(stream)
    if subprocess.run([validate, "stream"], stdout=subprocess.DEVNULL).returncode:
        fail(f"run {run}: the stream is broken")
    last = stream.splitlines()[-1].decode()
    if status == -number and '"status":"cancelled"' in last:
        stopped += 1
    elif status == 0 and '"status":"ok"' in last:
        target += 1 # it was through: the next one begins anew
    elif status != -number or '"status":"ok"' not in last: # the signal came after the result
        fail(f"run {run}: {number.name} ended it with {status}: {last} {open('err').read()}")

if stopped == 0:
    fail("no run was stopped")
child, stream = started(f"storm-{target}")
child.stdout.read()
if child.wait() != 0:
    fail(f"what was stopped cannot be completed: {open('err').read()}")
if subprocess.run([program, "verify", "org/name", "--local-dir", f"storm-{target}", "-q"],
                  stdout=subprocess.DEVNULL).returncode:
    fail("what was completed is damaged")
stopping_s.sort()
at = lambda share: stopping_s[min(len(stopping_s) - 1, int(share * len(stopping_s)))] * 1000
print(f"{stopped} of {count} runs stopped; to the end after the signal: median {at(0.5):.0f} ms, "
      f"p99 {at(0.99):.0f} ms, longest {stopping_s[-1] * 1000:.0f} ms")
PROGRAM
