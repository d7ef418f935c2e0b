#!/usr/bin/env bash
# Prints the conversation of docs/protocol.md by having it: wscat talks to a host with the demo providers. tests/protocol-transcript.sh [PORT]
set -euo pipefail
cd "$(dirname "$0")/.."
port=${1:-8799}
[ -d tests/clients/node_modules/wscat ] || npm ci --silent --prefix tests/clients
dotnet build src/Host -v quiet --nologo >/dev/null
dotnet run --no-build --project src/Host -- --urls "http://127.0.0.1:$port" >/dev/null 2>&1 &
host=$!
trap 'kill $host 2>/dev/null; wait $host 2>/dev/null || true' EXIT
base="http://127.0.0.1:$port/api/optimized-realtime"
until [[ $(curl -sf "$base/channels?prefix=player&limit=1") == *'"channel":"player'* ]]; do sleep 0.2; done
channel=$(curl -sf "$base/channels?prefix=player&limit=1" | sed 's/.*"channel":"\([^"]*\)".*/\1/')

talk() {
  local arguments=()
  for message in "$@"; do
    echo "> $message"
    arguments+=(-x "$message")
  done
  npx --prefix tests/clients wscat --no-color -c "ws://127.0.0.1:$port/api/optimized-realtime/ws/player-updates" -w 4 "${arguments[@]}" < <(sleep 6) | sed 's/^< //' | cut -c1-160 | sed 's/^/< /'
  echo
}

talk "{\"type\":\"subscribe\",\"id\":1,\"channel\":\"$channel\"}" '{"type":"ping"}' '{"type":"shout"}' '{"type":"unsubscribe","id":2,"channel":"'"$channel"'"}'
talk "{\"type\":\"subscribe\",\"channel\":\"player:*\",\"maxRate\":0.5}"
