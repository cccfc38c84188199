# lib.bash - sourced by the scripts beside it: a scratch directory, a hub, expectations.
# A script ends with the first thing that is not as expected, and says which.
set -euo pipefail

SHARDFETCH=${SHARDFETCH:?the program to test}
HUBD=${HUBD:?the embedded hub}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=$(mktemp -d)
started=()
finish() {
    [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
    rm -rf "$tmp"
}
trap finish EXIT
cd "$tmp"

# Nothing of the caller's own settings, home or token.
for name in $(compgen -e); do
    case $name in
    PATH | SHARDFETCH | HUBD | SOURCE | ASAN_OPTIONS | UBSAN_OPTIONS | LSAN_OPTIONS | TSAN_OPTIONS) ;;
    *) unset "$name" ;;
    esac
done
export HOME=$tmp LC_ALL=C.UTF-8

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# hub OPTION...: starts a hub and sets HF_ENDPOINT. It tells its URL when it is ready.
hub() {
    exec {from_hub}< <(exec "$HUBD" --port-file /dev/stdout "$@")
    started+=($!)
    read -r HF_ENDPOINT <&"$from_hub" || die "the hub did not start"
    export HF_ENDPOINT
}

# run CODE WORD...: runs the program with the words; keeps its output in out and err.
run() {
    local expected=$1 code=0
    shift
    "$SHARDFETCH" "$@" >out 2>err </dev/null || code=$?
    [ "$code" -eq "$expected" ] || die "'$*' ended with $code, not $expected: $(cat err)"
}

# says TEXT: the last line on standard error holds it.
says() {
    tail -n 1 err | grep -qF -- "$1" || die "'$1' is not in: $(cat err)"
}

same() {
    [ "$1" = "$2" ] || die "'$1' is not '$2'"
}
