#!/bin/bash
# tests/bench/show, small: every scene plays, what does not bring its files is FAILED, what is not
# installed is skipped with a reason.
set -eu
. "$(dirname "$0")/trial" openssl jq curl

# show WANTED_EXIT OPTION...
show() {
    local wanted=$1 code=0
    shift
    /usr/bin/python3 -B "$here/show.py" --programs "$programs" --dir "$scratch/target" \
        --out "$scratch" --count 1 "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" = "$wanted" ] || failed "exit $code instead of $wanted for $*"
    [ -z "$(ls -A "$scratch/target")" ] || failed "files are left in the target for $*"
}

# holds FILTER: true of the result's JSON
holds() {
    jq -e "$1" "$scratch/show.json" >/dev/null || failed "not so: $1"
}

show 0 --size 4 --only 'shardfetch,curl -Z,bare-8,clean,limit-50M,two-share-50M' \
    capped-many capped-one relay bad limit small-files
holds '.scenes | length == 6'
holds '[.scenes[][]] | all(.problem == null and .median > 0)'
holds '[.scenes[] | length] | add == 11'
grep -q '^shardfetch has .* of the best bare reader' "$scratch/out" || failed 'no closing sentence'

show 0 --size 4 --only alone critical
show 0 --window 0.5,1 --only auto,pinned-4 collapse
holds '.scenes.collapse | all(.median > 0)'

PATH=/nowhere show 0 --size 1 --only 'shardfetch,aria2c' capped-many
holds '.scenes["capped-many"] | map(.problem) == [null, "skipped: aria2c is not installed"]'

mkdir "$scratch/liar"
ln -s "$programs"/hubd "$programs"/bench_* "$scratch/liar"
printf '#!/bin/sh\nexit 0\n' >"$scratch/liar/shardfetch"
chmod +x "$scratch/liar/shardfetch"
programs=$scratch/liar
show 1 --size 1 --only shardfetch capped-many
grep -qF "FAILED ('shard-00000.bin' is missing)" "$scratch/out" || failed 'a lie was believed'

echo "all as promised"
