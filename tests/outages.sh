#!/usr/bin/env bash
# Three providers, the best one down for 30% of the time, at length: tests/outages.sh [OUTAGES] [INTERVAL_MS] (30 outages, players change every 2000 ms:
# 20 minutes). Ends with a table of what readers got, and fails where that misses the figure beside it. An interval of 1000 ms has little room on a busy
# machine: a trial that hangs takes one interval, the shortest break of a breaker (500 ms) another half.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_OUTAGES=${1:-30} STREAMENGINE_OUTAGES_INTERVAL_MS=${2:-2000}
STREAMENGINE_OUTAGES_TABLE=$(mktemp)
export STREAMENGINE_OUTAGES_TABLE
trap 'rm -f "$STREAMENGINE_OUTAGES_TABLE"' EXIT
echo "$STREAMENGINE_OUTAGES outages, players change every $STREAMENGINE_OUTAGES_INTERVAL_MS ms"
dotnet build tests/Host -v quiet --nologo
status=0
dotnet exec tests/Host/bin/Debug/net10.0/StreamEngine.Host.Tests.dll --no-ansi --progress off --filter-class "*.OutageTests" || status=$?
column -t -s '|' "$STREAMENGINE_OUTAGES_TABLE"
exit "$status"
