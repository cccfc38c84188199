# line.bash - sourced by the scripts beside it: two hosts on one machine, network namespaces joined by
# a veth pair that the script shapes (`line` is the device on the sending side); the hub is in one,
# the program in the other, and relayd carries the hub's port out of its loopback. The namespaces
# have no names: they end with the processes in them.
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
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.bash"
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
there ip link set lo up
there ip address add 10.203.0.2/30 dev line
there ip link set line up

mkfifo never
exec {never}<>never # a stdin that does not end

# relay OPTION...: sets HF_ENDPOINT to a relay of the hub on the line.
relay() {
    local at
    behind=${behind:-$HF_ENDPOINT}
    exec {from_relay}< <(exec "${HUBD%/*}/relayd" --listen "${server:-10.203.0.1}" --to "${behind#http://}" "$@" <&"$never")
    started+=($!)
    read -r at <&"$from_relay" || die "relayd did not start"
    export HF_ENDPOINT=http://$at
}

# fetch NAME OPTION...: into NAME, its event stream in NAME.events; the files are those of the hub.
fetch() {
    there "$SHARDFETCH" get org/model --local-dir "$@" --json >"$1.events" 2>"$1.err" </dev/null ||
        die "$1 ended with $?: $(cat "$1.err")"
    for name in a b c d; do cmp "files/$name.bin" "$1/$name.bin" || die "$1: $name.bin differs"; done
}

# holds NAME FILTER: true of all its events, as one array.
holds() {
    jq -es "$2" "$1.events" >/dev/null ||
        die "$1: not so: $2: $(jq -c 'select(.type == "throttle")' "$1.events")"
}
