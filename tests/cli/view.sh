#!/bin/bash
# The live view in a real terminal (tmux), and that logs get lines instead.
source "$(dirname "$0")/lib.bash"

hub --model org/name:3:6M --fault 'cdn model-00003* #1 stall=1048576'

screen() { tmux -S "$tmp/tmux" "$@"; }
end_screen() { screen kill-server 2>/dev/null || true; }
trap 'end_screen; finish' EXIT

# waits_for TEXT: until the screen shows it; what tmux draws is its own to say
waits_for() {
    local deadline=$((SECONDS + 60))
    until screen capture-pane -p -t view >shown 2>&1 && grep -qF -- "$1" shown; do
        [ $SECONDS -lt $deadline ] || die "'$1' never appeared on: $(cat shown)"
        read -r -t 0.05 <>"$tmp/never" || true
    done
}
mkfifo never

cat >go <<SCRIPT
trap : INT # the shell stays when the program ends by it
'$SHARDFETCH' get org/name --local-dir seen --connections 3 --stall-timeout 600
echo "code \$?"
exec cat
SCRIPT
TERM=screen screen -f /dev/null new-session -d -s view -x 100 -y 20 "exec bash go"
waits_for 'model-00002-of-00003.safetensors  sha256 ok'
waits_for 'model-00003-of-00003.safetensors '
waits_for '  50 %  2.00 MiB'
screen resize-window -t view -x 60 -y 12
waits_for 'model-00003-of-00003 '
same 1 "$(grep -c '━' shown)"

# Ctrl-C: the view is gone, what stays are the lines above it
screen send-keys -t view C-c
waits_for 'shardfetch: cancelled: '
! grep -q '━' shown || die "the view is still there: $(cat shown)"
end_screen

# Ctrl-Z: the terminal is the shell's; with fg the view is back, and nothing counts as a failure
hub --model org/name:3:6M --fault 'cdn model-00003* stall=1048576'
TERM=screen screen -f /dev/null new-session -d -s view -x 100 -y 20 \
    "exec env PS1='ready:' bash --norc -i"
waits_for 'ready:'
screen send-keys -t view "'$SHARDFETCH' get org/name --local-dir stopped --stall-timeout 600"
waits_for '--stall-timeout 600'
screen send-keys -t view Enter
waits_for '  50 %  2.00 MiB'
waits_for '━'
screen send-keys -t view C-z
waits_for 'Stopped'
! grep -q '━' shown || die "the view is on a terminal that is the shell's: $(cat shown)"
screen send-keys -t view 'clear; fg' Enter
waits_for '━'
waits_for 'model-00003-of-00003.safetensors '
! grep -q '^retry' shown || die "a stop counts as a failure: $(cat shown)"
screen send-keys -t view C-c
waits_for 'shardfetch: cancelled: '
end_screen

# no terminal: lines without escape codes
hub --model org/name:3:6M
run 0 get org/name --local-dir log
grep -q '^done .*model-00003-of-00003.safetensors  sha256 ok$' err || die "$(cat err)"
! grep -q $'\033' err || die "escape codes in a log"
run 0 get org/name --local-dir none --progress none
same "" "$(cat err)"

# a view where it was asked for, in the width that is told, with and without colours
COLUMNS=50 run 0 get org/name --local-dir bar --progress bar
grep -q $'\033\[32mdone' err || die "no colours: $(cat -v err)"
NO_COLOR=1 run 0 get org/name --local-dir bar2 --progress bar
! grep -q $'\033\[32m' err || die "colours in spite of NO_COLOR"
HF_HUB_DISABLE_PROGRESS_BARS=1 run 0 get org/name --local-dir off
same "" "$(cat err)"
