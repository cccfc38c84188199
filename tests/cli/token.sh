#!/bin/bash
# The access token: never in argv for long, in no output, in no file.
source "$(dirname "$0")/lib.bash"

CANARY=hf_canaryCANARYcanary
hub --model org/name:1:1M --gated org/name --token "$CANARY" --grant "org/name=$CANARY" \
    --fault 'cdn model* #1 delay=3000'

# while it runs, ps(1) sees no token
mkfifo pipe
"$SHARDFETCH" get org/name --local-dir a --token "$CANARY" --json >pipe 2>err &
pid=$!
started+=("$pid")
exec 8<pipe
read -r first <&8
! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q canary || die "the token is in argv"
tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qx xxxxxxxxxxxxxxxxxxxxx || die "argv is not as it was"
{ echo "$first"; cat <&8; } >a.jsonl
wait "$pid" || die "$(cat err)"

export HF_TOKEN=$CANARY
run 0 get org/name --local-dir b -v
grep -q 'token from HF_TOKEN' err || die "-v does not say where the token came from"
cat err >>all
unset HF_TOKEN

echo "$CANARY" >token
run 0 get org/name --local-dir c --token-file token
cat err >>all
rm token

# a token that is refused: its source is named
run 4 get org/name --local-dir d --token hf_wrong
says "--token"
! grep -q hf_wrong err || die "a wrong token is shown"
run 4 get org/name --local-dir e --no-token

! grep -rqF "$CANARY" . || die "the token is in $(grep -rlF "$CANARY" .)"
