#!/bin/bash
# live_script.sh - tests/live/run, rehearsed with the embedded hub in place of the real one, so that
# it works on the day somebody has a network; and what it says without one.
set -euo pipefail
for tool in curl jq; do
    command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done

tmp=$(mktemp -d)
hub=
trap '[ -z "$hub" ] || kill "$hub" 2>/dev/null || true; rm -rf "$tmp"' EXIT
mkdir "$tmp/readme"
echo "read me" >"$tmp/readme/README.md"

# The repos of the script, in small. The huge one only in its listing; its first part is slow, so
# that it is there to be interrupted.
exec 3< <(exec "$HUBD" --no-digests --model openai-community/gpt2:1:1M \
    --rename gpt2=openai-community/gpt2 \
    --model google-bert/bert-base-uncased:1:1M --ref google-bert/bert-base-uncased=refs/pr/1 \
    --dir "datasets/rajpurkar/squad=$tmp/readme" --dir "spaces/gradio/hello_world=$tmp/readme" \
    --files datasets/HuggingFaceFW/fineweb-edu:1100:10 \
    --model Qwen/Qwen2.5-72B-Instruct:600:60G --fault 'cdn *-00001-of-* rate=8000000' \
    --model meta-llama/Llama-3.2-1B:1:1M --gated meta-llama/Llama-3.2-1B \
    --grant meta-llama/Llama-3.2-1B=hf_canary)
hub=$!
read -r url <&3

unset "${!HF_@}" HUGGING_FACE_HUB_TOKEN http_proxy all_proxy ALL_PROXY https_proxy HTTPS_PROXY
export HOME=$tmp XDG_STATE_HOME=$tmp/state NO_PROXY=127.0.0.1
HF_ENDPOINT=$url HF_TOKEN=hf_canary "$SOURCE/tests/live/run" | tee "$tmp/table"
! grep -q canary "$tmp/table" || { echo "FAILED: the token is in the table"; exit 1; }
! grep -q 'Signature=' "$tmp/table" || { echo "FAILED: a signature is in the table"; exit 1; }

kill "$hub"
wait "$hub" 2>/dev/null || true
hub=
status=0
HF_ENDPOINT=$url "$SOURCE/tests/live/run" >/dev/null 2>"$tmp/errors" || status=$?
[ $status -eq 2 ] || { echo "FAILED: ended with $status without a network"; exit 1; }
grep -q "$url cannot be reached" "$tmp/errors" || { echo "FAILED: $(cat "$tmp/errors")"; exit 1; }
