#!/bin/bash
# The completions load in their shells and offer what --help of each command lists; the manual page
# has nothing to complain about. (tests/unit/cli/options_test.c compares the files with the table.)
source "$(dirname "$0")/lib.bash"

cd "${SOURCE:?the source tree}"
mandoc -Tlint -W warning man/shardfetch.1 || die "mandoc complains"
bash -n completions/shardfetch.bash
zsh -n completions/_shardfetch
fish -n completions/shardfetch.fish

# flags_of COMMAND: as help lists them
flags_of() { "$SHARDFETCH" "$1" --help | grep -oE '^ {2,6}(-., )?--[a-z0-9-]+' | grep -oE -- '--.*' | sort; }

# offers WORD...: what bash would offer for the last word
offers() {
    COMP_WORDS=(shardfetch "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _shardfetch
    printf '%s\n' "${COMPREPLY[@]}" | sort
}
compopt() { :; } # outside of a completion, bash refuses it
source completions/shardfetch.bash
for command in get plan verify; do
    flags=$(flags_of "$command")
    same "$flags" "$(offers "$command" org/name --)"
    same "$flags" "$(HOME=$tmp XDG_CONFIG_HOME=$tmp fish --no-config -c \
        "source completions/shardfetch.fish; complete -C 'shardfetch $command --'" |
        cut -f 1 | grep '^--' | sort)"
done
same "get plan verify" "$(offers '' | xargs)"
same "verify" "$(offers ve)"
same "--json" "$(offers get x --js)"
same "plain" "$(offers get x --progress pl)"
same "plain" "$(offers get x --progress = pl)"
same "auto bar none plain" "$(offers get x --progress = | xargs)"
same "completions" "$(offers get x --local-dir comp)"
same "" "$(offers get x --revision ma)"
