#!/bin/bash
# --polite on a real line: how long a connection of somebody else takes to be made, while the program
# fills a line of 200 Mbit/s that has a long queue.
set -eu
. "$(dirname "$0")/line.bash"

# The queue is in a third host between the two: in its own the kernel lets a connection have few
# packets in a queue (TCP small queues).
exec {from_between}< <(exec unshare --net sh -c 'echo up; exec cat >/dev/null' <&"$never")
started+=($!)
between_pid=$!
between() { nsenter --target "$between_pid" --net "$@"; }
read -r _ <&"$from_between" || die "the host between does not start"
between sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' 2>/dev/null || skip "no host may forward here"
ip link add near type veth peer name left netns "$between_pid"
there ip link add near type veth peer name right netns "$between_pid"
ip address add 10.203.1.1/30 dev near
there ip address add 10.203.2.1/30 dev near
between ip address add 10.203.1.2/30 dev left
between ip address add 10.203.2.2/30 dev right
ip link set near up
there ip link set near up
between ip link set left up
between ip link set right up
ip route add 10.203.2.0/30 via 10.203.1.2
there ip route add 10.203.1.0/30 via 10.203.2.2
between tc qdisc add dev right root tbf rate 200mbit burst 64kb latency 300ms

mkdir files
for name in a b c d; do head -c 80000000 /dev/urandom >"files/$name.bin"; done
hub --one-origin --dir org/model=files
# The sender is one that fills whatever queue there is, as most do.
echo reno >/proc/sys/net/ipv4/tcp_congestion_control || skip "the kernel has no reno"
server=10.203.1.1
relay

# made: when a connection to the other end of the line was begun, and how long it took to be made;
# microseconds.
made() {
    there bash -c 'from=${EPOCHREALTIME/[.,]/}
                   : >"/dev/tcp/10.203.1.1/$0"
                   to=${EPOCHREALTIME/[.,]/}
                   echo $from $((to - from))' "${HF_ENDPOINT##*:}"
}

# measured NAME OPTION...: fetches, and meanwhile makes one connection after the other. Tells in ms
# how long one took that was made at a moment in the middle of all moments: short ones are many.
measured() {
    fetch "$@" >&2 &
    local run=$!
    while kill -0 "$run" 2>/dev/null; do made; done >"$1.made"
    wait "$run" || die "$1 failed"
    awk 'NR > 1 {print took, $1 - from} {from = $1; took = $2}' "$1.made" | sort -n |
        awk '{took[NR] = $1; time[NR] = $2; all += $2}
             END {while (sum < all / 2) sum += time[++i]; print int(took[i] / 1000)}'
}

# Delays that other jobs of this machine cause are in what is measured, too: one good try is enough.
rude=$(measured rude) || exit 1
[ "$rude" -ge 100 ] || skip "the line has no queue here: $rude ms"
for try in 1 2 3; do
    rm -rf polite
    polite=$(measured polite --polite) || exit 1
    ms=$(jq 'select(.type == "result").elapsed_ms' polite.events)
    rate=$((320000 * 8 / ms))
    echo "made in $rude ms without, in $polite ms with; $rate Mbit/s with"
    [ $((2 * polite)) -gt "$rude" ] || [ "$rate" -lt 60 ] || break
    [ "$try" -lt 3 ] || die "no short queue at a third of the line's rate"
done
holds polite 'map(select(.type == "result").why_slow) == ["polite"]'
holds polite 'map(select(.type == "throttle" and .cause == "collapse")) == []'
holds polite 'map(select(.type == "retry" or .type == "warning")) == []'
echo "all as promised"
