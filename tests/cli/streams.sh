#!/bin/bash
# Standard output, the event streams, and readers that are slow, gone or full.
source "$(dirname "$0")/lib.bash"

validate() { "$here/validate-events" "$1" >counts || die "the stream of $1 breaks its schema"; }
result() { jq -r "select(.type == \"result\") | .$2" "$1"; }

hub --model org/name:4:2M

run 0 get org/name --local-dir a --json
cp out a.jsonl
validate a.jsonl
grep -q '11 file_done' counts || die "$(cat counts)"
same ok "$(result a.jsonl status)"
same 0 "$(result a.jsonl events_dropped)"

run 0 get org/name --local-dir b --events b.jsonl
same b "$(cat out)"
validate b.jsonl

run 0 get org/name --local-dir c --json --events c.jsonl
validate out
validate c.jsonl
same "$(jq -r 'select(.type != "progress") | .type' out | sort)" \
    "$(jq -r 'select(.type != "progress") | .type' c.jsonl | sort)"

code=0
"$SHARDFETCH" get org/name --local-dir d --events fd:3 >out 2>err 3>d.jsonl || code=$?
same 0 "$code"
validate d.jsonl

run 0 get org/name --local-dir e -q
same e "$(cat out)"
same "" "$(cat err)"
run 0 get org/name config.json --local-dir e -q
same e/config.json "$(cat out)"

run 0 plan org/name
same 11 "$(grep -c -E '^missing +[0-9]+  (sha256|git-sha1)' out)"
tail -n 1 out | grep -Eq '^11 files, [0-9]+ bytes, 0 present, [0-9]+ to fetch; ' || die "$(tail -n 1 out)"
run 0 plan org/name --json
validate out
grep -q '11 plan_file' counts || die "$(cat counts)"
run 0 get org/name --dry-run
same 11 "$(grep -c ^missing out)"

# failures: the code's word in the result and on the last line
run 3 get org/nothing --json
validate out
same not-found "$(result out code)"
same 3 "$(result out exit)"
says "shardfetch: not-found: "

# --- readers ---------------------------------------------------------------------------------------

# standard output full: the run ends, nothing is claimed
code=0
"$SHARDFETCH" get org/name --local-dir f --json >/dev/full 2>err || code=$?
same 6 "$code"
says "disk: cannot write to standard output"
code=0
"$SHARDFETCH" get org/name --local-dir a -q >/dev/full 2>err || code=$?
same 6 "$code"
code=0
"$SHARDFETCH" get org/name --local-dir a -q >&- 2>err || code=$?
same 6 "$code"

# the reader of standard output goes away: SIGPIPE's end (128 + 13), as every pipeline expects
set +o pipefail
"$SHARDFETCH" get org/name --local-dir g --json 2>err | head -n 1 >/dev/null
codes=("${PIPESTATUS[@]}")
set -o pipefail
same 141 "${codes[0]}"

# the reader of --events goes away: only that stream ends
mkfifo pipe
head -n 1 <pipe >first &
run 0 get org/name --local-dir h --events pipe
wait $!
same h "$(cat out)"
same run_start "$(jq -r .type first)"
grep -q "the event stream 'pipe' ended" err || die "$(cat err)"

# a reader that reads nothing at all is waited for 5 seconds and no longer
mkfifo stuck
exec 7<>stuck
dd if=/dev/zero of=stuck bs=4096 count=16 oflag=nonblock status=none # a pipe is full at 64 KiB
before=$SECONDS
run 0 get org/name --local-dir i --events stuck
same i "$(cat out)"
[ $((SECONDS - before)) -lt 15 ] || die "waited $((SECONDS - before)) s for a reader"
exec 7<&-

# a FIFO that nobody reads does not keep the run waiting, but its end for 5 seconds at most
mkfifo nobody
run 0 get org/name --local-dir j --events nobody
same j "$(cat out)"

# a reader that comes late gets everything
mkfifo late
"$SHARDFETCH" get org/name --local-dir k --events late >k.out 2>k.err &
run=$!
started+=("$run")
until [ -e k/model-00004-of-00004.safetensors ]; do
    kill -0 "$run" || die "the run ended: $(cat k.err)"
    read -r -t 0.05 <>"$tmp/pipe" || true
done
cat late >k.jsonl
wait "$run"
validate k.jsonl
same k "$(cat k.out)"

# a long plan is read to its end, whatever it takes; nothing is dropped
hub --files org/many:60000:1
"$SHARDFETCH" plan org/many --json 2>err | (read -r first; sleep 0.5; echo "$first"; cat) >many.jsonl
same 0 "$(result <(tail -n 1 many.jsonl) events_dropped)"
same 60000 "$(grep -c '"type":"plan_file"' many.jsonl)"
