#!/bin/bash
# Two hosts and a line of 200 Mbit/s, which relayd makes long. Shows that a real line's bytes are
# right and that the number of connections comes to rest.
set -eu
. "$(dirname "$0")/line.bash"

tc qdisc add dev line root tbf rate 200mbit burst 64kb latency 50ms

mkdir files
for name in a b c d; do head -c 45000000 /dev/urandom >"files/$name.bin"; done
hub --one-origin --dir org/model=files

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
