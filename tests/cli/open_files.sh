#!/bin/bash
# Few files may be open at once: what may be raised is raised, and what is too few ends the run with
# an error that says so.
. "$(dirname "$0")/lib.bash"

hub --files org/name:60:1000
(
    ulimit -S -n 32
    run 0 get org/name --local-dir soft
)
[ "$(find soft -name 'file-*.bin' | wc -l)" -eq 60 ] || die 'files are missing'

(
    ulimit -n 32
    run 6 get org/name --local-dir hard
    says 'Too many open files'
)
run 0 get org/name --local-dir hard
[ "$(find hard -name 'file-*.bin' | wc -l)" -eq 60 ] || die 'files are missing'

echo "all as promised"
