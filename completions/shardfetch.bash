# bash completion for shardfetch. tests/cli keeps it in step with the table of options.

# The flags of all commands, and those of get and plan only.
_shardfetch_flags() {
    local all="--revision --repo-type --include --exclude --manifest --base-url --endpoint
        --local-dir --cache-dir --offline --token --token-file --no-token --retries --max-wait
        --stall-timeout --connect-timeout --require-digest --proxy --cacert --ipv4 --ipv6
        --json --events --stop-with-reader --progress --quiet --verbose --config --help --version"
    local fetch="--mirror --force-download --min-free --no-sync --max-workers --connections --priority --limit-rate --limit-rate-shared --yield-to --polite --keep-going
        --dry-run --why-slow"
    case $1 in
    verify) echo "$all" ;;
    *) echo "$all $fetch" ;;
    esac
}

# The value of flag $1, of which $2 is typed. Ends with 1 when the flag takes none.
_shardfetch_value() {
    case $1 in
    --connections|--max-workers) COMPREPLY=($(compgen -W "auto" -- "$2")) ;;
    --repo-type) COMPREPLY=($(compgen -W "model dataset space" -- "$2")) ;;
    --progress) COMPREPLY=($(compgen -W "auto bar plain none" -- "$2")) ;;
    --manifest|--token-file|--cacert|--events|--config)
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$2"))
        ;;
    --local-dir|--cache-dir)
        compopt -o filenames
        COMPREPLY=($(compgen -d -- "$2"))
        ;;
    --revision|--include|--exclude|--base-url|--endpoint|--mirror|--min-free|--token|\
    --priority|--limit-rate|--limit-rate-shared|--yield-to|--retries|--max-wait|--stall-timeout|--connect-timeout|--proxy) COMPREPLY=() ;;
    *) return 1 ;;
    esac
}

_shardfetch() {
    local word command= at=$COMP_CWORD
    local typed=${COMP_WORDS[at]} before=${COMP_WORDS[at - 1]}
    local IFS=$' \t\n'
    if [[ $typed == = ]]; then # nothing is typed behind the "="
        typed=
    elif [[ $before == = ]]; then # "=" is a word of its own
        before=${COMP_WORDS[at - 2]}
    fi
    for word in "${COMP_WORDS[@]:1:at-1}"; do
        case $word in
        get | plan | verify)
            command=$word
            break
            ;;
        esac
    done
    COMPREPLY=()
    _shardfetch_value "$before" "$typed" && return
    if [[ $typed == -* ]]; then
        COMPREPLY=($(compgen -W "$(_shardfetch_flags "$command")" -- "$typed"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "get plan verify" -- "$typed"))
    else # a manifest, or a directory to verify
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$typed"))
    fi
}

complete -F _shardfetch shardfetch
