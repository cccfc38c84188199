#!/bin/bash
# Help, versions, bad usage: what is said, where, and the exit status.
source "$(dirname "$0")/lib.bash"

for words in --help -h "get --help" "plan -h" "verify --help"; do
    # shellcheck disable=SC2086 # words
    run 0 $words
    grep -q '^usage: shardfetch ' out || die "no usage in the help of '$words'"
    [ ! -s err ] || die "help speaks on standard error"
    [ "$(wc -L <out)" -le 80 ] || die "help of '$words' is wider than 80 columns"
done
run 0 verify --help
! grep -q -- --keep-going out || die "verify's help has a flag that verify does not know"

run 0 --version
for name in shardfetch libcurl OpenSSL zstd cJSON; do
    grep -Eq "^$name [0-9]+\.[0-9]+" out || die "no version of $name"
done

bad() {
    local says=$1
    shift
    run 2 "$@"
    [ ! -s out ] || die "'$*' writes to standard output"
    same 1 "$(wc -l <err)"
    grep -q '^shardfetch: usage: ' err || die "'$*': $(cat err)"
    says "$says"
}
bad "a command is missing"
bad "get needs a SOURCE" get
bad "did you mean '--revision'?" get org/name --revison main
bad "did you mean 'verify'?" verfy org/name
bad "is not a number from 0 to 1000" get org/name --retries many
bad "exclude each other" get org/name --local-dir a --cache-dir b
bad "exclude each other" get org/name config.json --include '*'
bad "is not GLOB=LEVEL" get org/name --priority '*.json=urgent'
bad "descriptor 9 is not open" get org/name --events fd:9
bad "cannot open '/nowhere/x'" get org/name --events /nowhere/x
bad "/nowhere/c" get org/name --config /nowhere/c
bad "clear text" get org/name --endpoint http://hub.invalid --token hf_x

mkdir -p .config/shardfetch
echo "stall-timeot = 3" >.config/shardfetch/config
bad "config:1: unknown key 'stall-timeot'; did you mean 'stall-timeout'?" get org/name

# what reached nobody was not told
code=0
"$SHARDFETCH" --help >/dev/full 2>err || code=$?
same 6 "$code"
says "cannot write to standard output"
