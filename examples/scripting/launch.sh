#!/usr/bin/env bash
# Launches a command on a cluster, follows its job's log, and ends with the job's exit code: docs/protocol.md in practice.
#
#     examples/scripting/launch.sh CLUSTER COMMAND...
#
# Needs bash 4, jq, and socat or an nc that knows -U and -N. The log goes to stdout; what happens meanwhile to stderr, each event once. A
# connection that breaks off is made anew and goes on where it was. SKY names the client that starts the daemon (default: sky).
set -euo pipefail

if (($# < 2)); then
  echo "Usage: launch.sh CLUSTER COMMAND..." >&2
  exit 2
fi
cluster=$1
shift
if (($# == 1)); then run=$1; else printf -v run '%q ' "$@"; fi

state=${SKYD_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/skyd}
socket=$state/run/sock
dial() { if command -v socat >/dev/null; then exec socat - "UNIX-CONNECT:$socket"; else exec nc -N -U "$socket"; fi; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Sent twice under one request id, a launch is one launch: that is what makes it safe to ask again.
request=launch-$(date +%s)-$$-$RANDOM
launch=$(jq -nc --arg c "$cluster" --arg run "$run" --arg r "$request" \
  '{id: "launch", method: "launch", requestId: $r, params: {clusterName: $c, task: {run: $run}}}')
after=          # the last event that was seen
declare -A seen # how many bytes of each rank's log
declare -A ends # by job, the code that it ended with
job= is_read=

send() { printf '{"type":"%s","data":%s}\n' "$1" "$2" >&"$to" 2>/dev/null || true; }
begin() {
  send request "$(jq -nc --arg c "$cluster" --argjson after "$after" \
    '{id: "events", method: "events.follow", params: {after: $after, clusterName: $c}}')"
  send request "$launch"
}

leave() {
  send detach '{"id":"events"}'
  exit "$1"
}

# The bytes of a chunk, without those that were printed before: bash holds no zero byte, so they go through a file.
show() {
  local rank=$1 known size
  if [[ $2 == text ]]; then printf %s "$3" | jq -j .; else printf %s "$3" | jq -r . | base64 -d; fi >"$work/chunk"
  size=$(wc -c <"$work/chunk") known=${skip[$rank]:-0}
  if ((size > known)); then
    tail -c "+$((known + 1))" "$work/chunk"
    seen[$rank]=$((${seen[$rank]:-0} + size - known))
  fi
  skip[$rank]=$((known > size ? known - size : 0))
}

# What matters of a frame, as words; strings that may hold anything stay JSON, and come last.
words='
  def code: if .status == "SUCCEEDED" then 0 else [.returnCodes[] | select(. != 0)] | min // 1 end; # 137: ended because of another
  .type as $type | .data |
  if $type == "failure" then "failure \(.error.exitCode) \(.error | "\(.message) \(.hint // "")" | tojson)"
  elif $type == "event" then .event | "event \(.seq) \(.event._tag) " +
    (if .event._tag == "JobEnded" or .event._tag == "JobClosed" then .event | "\(.job) \(code)" else "" end)
  elif $type == "log" then "log \(.rank) " + if has("text") then "text \(.text | tojson)" else "base64 \(.base64 | tojson)" end
  elif $type == "result" then "result \(.id) \(.value.head // .value.jobId // "")"
  else empty end'

converse() {
  local kind first rest tag ended code
  declare -A skip
  for rank in "${!seen[@]}"; do skip[$rank]=${seen[$rank]}; done
  if [[ -z $after ]]; then send request '{"id":"head","method":"daemon.status"}'; else begin; fi
  # read takes whole lines; what the end of a connection cuts off is sent again on the next.
  while read -r kind first rest; do
    case $kind in
    failure)
      jq -r . <<<"$rest" >&2
      leave "$first"
      ;;
    event)
      read -r tag ended code <<<"$rest"
      after=$first
      echo "$first $tag" >&2
      if [[ -n $ended ]]; then : "${ends[$ended]:=$code}"; fi
      ;;
    log) show "$first" "${rest%% *}" "${rest#* }" ;;
    result)
      case $first in
      head) after=$rest && begin ;;
      launch)
        job=$rest
        send request "$(jq -nc --arg c "$cluster" --argjson job "$job" '{id: "logs", method: "logs", params: {clusterName: $c, jobId: $job}}')"
        ;;
      logs) is_read=yes ;;
      esac
      ;;
    esac
    if [[ -n $is_read && -n ${ends[$job]:-} ]]; then
      leave "${ends[$job]}"
    fi
  done
}

# A write to a connection that is gone is nothing: it is made anew.
trap '' PIPE
while true; do
  ${SKY:-sky} daemon start >/dev/null # returns at once where it runs
  coproc dialled { dial | jq --unbuffered -r "$words" 2>/dev/null; }
  pid=$dialled_PID
  exec {from}<&"${dialled[0]}" {to}>&"${dialled[1]}"
  converse <&"$from"
  exec {from}<&- {to}>&-
  wait "$pid" || true
done
