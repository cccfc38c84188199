#!/bin/bash
# The benchmark itself, end to end and small: rows that work are measured and checked, rows that
# do not work or do not verify are shown as FAILED and never dropped.
set -eu
. "$(dirname "$0")/trial" nginx openssl jq

# bench WANTED_EXIT OPTION...
bench() {
    local wanted=$1 code=0
    shift
    "$here/run" --programs "$programs" --dir "$scratch/target" --out "$scratch" --rounds 1 "$@" \
        >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" = "$wanted" ] || failed "exit $code instead of $wanted for $*"
    [ -z "$(ls -A "$scratch/target")" ] || failed "files are left in the target for $*"
}

# holds FILTER: true of the result's JSON
holds() {
    jq -e "$1" "$scratch/result.json" >/dev/null || failed "not so: $1"
}

# shows TEXT: in the printed table
shows() {
    grep -qF -- "$1" "$scratch/out" || failed "the table lacks: $1"
}

# ours_is: the row `shardfetch` runs the shell script on stdin, as
# `get --base-url URL SUMS --local-dir DIR …`
ours_is() {
    { echo '#!/bin/sh'; cat; } >"$scratch/ours"
    chmod +x "$scratch/ours"
}

# The peers that are here: `cli/install-packages bench` brings them all.
rows=floor-read,floor-hash,floor-write,shardfetch,shardfetch-no-sync
for peer in aria2c curl+dgst wget2+dgst; do
    if command -v "${peer%+dgst}" >/dev/null; then rows=$rows,$peer; fi
done
bench 0 --size 16 --only "$rows" http many-tls
holds '[.cases[].case] == ["http", "many-tls"]'
for row in ${rows//,/ }; do
    holds "[.cases[].rows[] | select(.row == \"$row\")] | length == 2"
    shows "| $row |"
done
holds '.cases | all(.bytes == 16777216 and .floor.wall_s > 0)'
holds '[.cases[].rows[]] | all(.state == "ok" and .good_runs == 1 and .wall_s.median > 0
       and .cpu_s > 0 and .peak_rss_mib > 1)'

ours_is <<'EOS'
echo "no such luck" >&2
exit 3
EOS
bench 1 --size 1 --only shardfetch --shardfetch "$scratch/ours" http
shows '| shardfetch | – | – | – | – | – | – | – | FAILED (exit 3: no such luck) |'
holds '.cases[0].rows[0] | .state == "FAILED" and .good_runs == 0'

ours_is <<'EOS'
exit 0
EOS
bench 1 --size 1 --only shardfetch --shardfetch "$scratch/ours" http
shows "FAILED ('shard-00000.bin' is missing)"

ours_is <<'EOS'
mkdir -p "$6"
while read -r _ name; do
    /usr/bin/python3 -c 'import sys, urllib.request as u; u.urlretrieve(*sys.argv[1:])' \
        "$3$name" "$6/$name"
done <"$4"
EOS
bench 1 --size 1 --only shardfetch --shardfetch "$scratch/ours" http
shows 'FAILED (does not verify: exit 0 with a wrong digest)'

bench 1 --size 1 --only shardfetch --shardfetch "$scratch/absent" http
shows 'FAILED (exit 127: '

echo "all as promised"
