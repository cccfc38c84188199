#!/bin/bash
# What `cmake --install` puts where shells, man and readers of events look for it.
source "$(dirname "$0")/lib.bash"

cmake --install "${SHARDFETCH%/*}" --prefix "$tmp/usr" >log 2>&1 || die "$(cat log)"
find usr -type f -printf '%P\n' | sort >found
sort >expected <<'FILES'
bin/shardfetch
share/bash-completion/completions/shardfetch
share/fish/vendor_completions.d/shardfetch.fish
share/man/man1/shardfetch.1
share/shardfetch/events.schema.json
share/zsh/site-functions/_shardfetch
FILES
diff expected found || die "something else was installed"
usr/bin/shardfetch --version >/dev/null
