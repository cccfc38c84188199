#!/bin/bash
# Two hosts on one machine: network namespaces joined by a veth pair that tbf shapes to 200 Mbit/s,
# the hub in one, the program in the other; relayd carries the hub's port out of its loopback, and
# makes the link long. Shows that a real line's bytes are right and that the number of connections
# comes to rest. The namespaces have no names: they end with the processes in them.
set -eu
skip() {
    echo "skipped: $*"
    exit 77
}

if [ "${1-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
    for tool in ip tc unshare nsenter jq; do
        command -v "$tool" >/dev/null || skip "$tool is missing"
    done
    unshare --net true 2>/dev/null || skip "no network namespaces here"
    unshare --net tc qdisc add dev lo root tbf rate 200mbit burst 64kb latency 50ms 2>/dev/null ||
        skip "the kernel has no tbf"
    unshare --net ip link add one type veth peer name other 2>/dev/null ||
        skip "the kernel has no veth"
    exec unshare --net -- "$0" inside
fi
. "$(dirname "$0")/../cli/lib.bash"
trap 'exit 1' HUP INT TERM

# ---- the hosts ----

coproc host { exec unshare --net sh -c 'echo up; exec cat >/dev/null'; }
started+=("$host_PID")
there() { nsenter --target "$host_PID" --net "$@"; }
read -r _ <&"${host[0]}" || die "the other host does not start"

ip link set lo up
ip link add line type veth peer name line netns "$host_PID"
ip address add 10.203.0.1/30 dev line
ip link set line up
tc qdisc add dev line root tbf rate 200mbit burst 64kb latency 50ms
there ip link set lo up
there ip address add 10.203.0.2/30 dev line
there ip link set line up

mkdir files
for name in a b c d; do head -c 45000000 /dev/urandom >"files/$name.bin"; done
hub --one-origin --dir org/model=files
behind=${HF_ENDPOINT#http://}
mkfifo never
exec {never}<>never # a stdin that does not end

# relay OPTION...: sets HF_ENDPOINT to a relay of the hub on the line.
relay() {
    local at
    exec {from_relay}< <(exec "${HUBD%/*}/relayd" --listen 10.203.0.1 --to "$behind" "$@" <&"$never")
    started+=($!)
    read -r at <&"$from_relay" || die "relayd did not start"
    export HF_ENDPOINT=http://$at
}

# fetch NAME: into NAME, its event stream in NAME.events; the files are those of the hub.
fetch() {
    there "$SHARDFETCH" get org/model --local-dir "$1" --json >"$1.events" 2>"$1.err" </dev/null ||
        die "$1 ended with $?: $(cat "$1.err")"
    for name in a b c d; do cmp "files/$name.bin" "$1/$name.bin" || die "$1: $name.bin differs"; done
}

# holds NAME FILTER: true of all its events, as one array.
holds() {
    jq -es "$2" "$1.events" >/dev/null ||
        die "$1: not so: $2: $(jq -c 'select(.type == "throttle")' "$1.events")"
}

# settled NAME: neither punished nor collapsed over and over, and no more connections at the end
# than a line needs that three fill.
settled() {
    holds "$1" 'map(select(.type == "throttle" and (.cause | IN("collapse", "punished", "refused"))))
                | length <= 2'
    holds "$1" 'map(select(.type == "throttle")) | length <= 40'
    holds "$1" 'map(select(.type == "throttle") | .connections_to) | (last // 0) <= 32'
    holds "$1" 'map(select(.type == "retry" and .cause != "stalled")) | length == 0'
}

relay
fetch plain
settled plain

relay --delay 10 --loss-ppm 100 --seed 1
fetch long
settled long

echo "all as promised"
