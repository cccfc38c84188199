#!/bin/bash
# clients.sh - programs that read the event stream: the JSON Schema over whole runs of every
# command, good and bad ends, and jq as people use it in scripts.
set -euo pipefail
command -v jq >/dev/null || { echo "skipped: jq is not installed"; exit 77; }
/usr/bin/python3 -c 'import jsonschema' || { echo "skipped: no python3-jsonschema"; exit 77; }

tmp=$(mktemp -d)
hub=
trap '[ -z "$hub" ] || kill "$hub" 2>/dev/null || true; rm -rf "$tmp"' EXIT
exec 3< <(exec "$HUBD" --model org/name:3:3M --model org/gated:1:1M --gated org/gated \
    --files org/flaky:20:1000 --fault 'small */file-000003.bin #1 status=503')
hub=$!
read -r url <&3

unset "${!HF_@}" HUGGING_FACE_HUB_TOKEN http_proxy all_proxy ALL_PROXY
export HOME=$tmp XDG_STATE_HOME=$tmp/state HF_ENDPOINT=$url
cd "$tmp"

fail() {
    echo "FAILED: $*"
    exit 1
}

# stream STATUS NAME ARGUMENT...: the run ends so, and NAME holds a valid stream that says so.
stream() {
    local want=$1 name=$2 status=0
    shift 2
    "$SHARDFETCH" "$@" --json >"$name" 2>"$name.err" || status=$?
    [ $status -eq "$want" ] || fail "$* ended with $status: $(cat "$name.err")"
    "$SOURCE/tests/cli/validate-events" "$name" || fail "$* wrote a stream that is none"
    [ "$(jq -r 'select(.type == "result").exit' "$name")" = "$want" ] || fail "$*: result says else"
}

# all FILTER NAME: the filter is true of the whole stream as one array.
all() {
    jq -es "$1" "$2" >/dev/null || fail "not true of $2: $1"
}

stream 0 plan plan org/name
stream 0 get get org/name --local-dir out
stream 0 again get org/name --local-dir out
stream 0 verbose get org/flaky --local-dir flaky -v
stream 0 verify verify ./out
stream 4 gated get org/gated --local-dir closed
stream 3 missing get org/nothing
stream 3 nofile get org/name nothing.bin
stream 2 usage get org/name@main --revision other
printf x | dd of="$(find out -name '*00002*.safetensors')" conv=notrunc status=none
stream 5 damaged verify ./out

all '(map(select(.type == "plan"))[0].bytes_total) ==
    (map(select(.type == "plan_file").size) | add)' plan
all 'map(select(.type == "file_done")) | length > 3 and all(.verified)' get
all '(map(select(.type == "plan"))[0].bytes_total) ==
    (map(select(.type == "file_done")) | map(.bytes_fetched) | add)' get
all 'map(select(.type == "result"))[0] | .bytes_fetched == 0 and .status == "ok"' again
all 'any(.type == "retry" and .http_status == 503)' verbose
all 'any(.type == "file_failed" and .code == "auth")' gated
[ "$(jq -r 'select(.type == "result").path' get)" = out ] || fail "the result names no path"

# A stream beside the path: stdout stays what scripts read.
path=$("$SHARDFETCH" get org/name --local-dir two --events fd:4 4>beside 2>/dev/null)
[ "$path" = two ] || fail "stdout was '$path'"
"$SOURCE/tests/cli/validate-events" beside || fail "--events fd:4"
echo "every stream is valid"
