#!/bin/bash
# Signals stop a run, which can be resumed; the process ends by that same signal.
source "$(dirname "$0")/lib.bash"

hub --model org/name:2:8M --fault 'cdn model-00001* stall=1048576'

events_words=() # further words for the runs to come

# start NAME [WORD...]: a run that hangs in the first shard; returns when nothing comes any more.
start() {
    local name=$1
    shift
    rm -f "$name.pipe"
    mkfifo "$name.pipe"
    "$@" "$SHARDFETCH" get org/name --local-dir "$name" --stall-timeout 600 --connections 1 \
        --events "$name.pipe" "${events_words[@]}" >"$name.out" 2>"$name.err" &
    pid=$!
    started+=("$pid")
    exec 8<"$name.pipe"
    local line
    while read -r line <&8; do
        echo "$line" >>"$name.jsonl"
        case $line in *'"downloaded":1048576,"total":4194304'*) return ;; esac
    done
    die "the run ended: $(cat "$name.err")"
}

# The rest of the stream, and the exit status.
collect() {
    local name=$1
    cat <&8 >>"$name.jsonl"
    exec 8<&-
    code=0
    { wait "$pid" || code=$?; } 2>/dev/null # bash tells of the signal, too
}

for signal in INT:2 TERM:15 HUP:1; do
    name=${signal%:*}
    number=${signal#*:}
    start "$name" env --default-signal="$name"
    kill -"$name" "$pid"
    collect "$name"
    same $((128 + number)) "$code"
    "$here/validate-events" "$name.jsonl" >counts
    same cancelled "$(jq -r 'select(.type == "result") | .status' "$name.jsonl")"
    same $((128 + number)) "$(jq -r 'select(.type == "result") | .exit' "$name.jsonl")"
    same "" "$(cat "$name.out")"
    tail -n 1 "$name.err" | grep -q '^shardfetch: cancelled: ' || die "$(cat "$name.err")"
    [ ! -e "$name/model-00001-of-00002.safetensors" ] || die "published after $name"
done

# how NAME WORD...: what wait(2) says of a run that gets SIGINT: -2 = ended by it, 130 = exit code.
# The run is the last of the processes that the words start.
how() {
    python3 - "$@" "$SHARDFETCH" get org/name --local-dir "how-$1" --connections 1 \
        --stall-timeout 600 --json <<'PROGRAM'
import os, pathlib, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
for line in child.stdout:
    if b'"downloaded":1048576,"total":4194304' in line:
        break
run = child.pid
while children := pathlib.Path(f"/proc/{run}/task/{run}/children").read_text().split():
    run = int(children[0])
os.kill(run, signal.SIGINT)
child.stdout.read()
print(child.wait())
PROGRAM
}
same -2 "$(how direct)"
if unshare --pid --fork true 2>/dev/null; then
    same 130 "$(how as-pid-1 unshare --pid --fork)" # its default action would do nothing there
fi

# nohup: SIGHUP was ignored before us and stays so
start quiet nohup
kill -HUP "$pid"
kill -TERM "$pid"
collect quiet
same 143 "$code"

# --stop-with-reader: the reader of --events goes away, and the run with it
events_words=(--stop-with-reader)
start reader env
events_words=()
exec 8<&-
code=0
{ wait "$pid" || code=$?; } 2>/dev/null
same 141 "$code"
[ ! -e reader/model-00001-of-00002.safetensors ] || die "published after its reader had left"

# a list that does not come to its end can be given up, too
mkfifo list events.pipe
exec 9<>list
env --default-signal=INT "$SHARDFETCH" get - --base-url http://127.0.0.1:1/ --local-dir listed \
    --events events.pipe <list >list.out 2>list.err &
pid=$!
started+=("$pid")
exec 8<events.pipe
read -r line <&8
case $line in *run_start*) ;; *) die "'$line' is no run_start" ;; esac
kill -INT "$pid"
collect list
same 130 "$code"
same cancelled "$(tail -n 1 list.jsonl | jq -r .status)"
exec 9<&-

# what was interrupted is resumed
hub --model org/name:2:8M
run 0 get org/name --local-dir TERM
same TERM "$(cat out)"
run 0 verify org/name --local-dir TERM
