#!/usr/bin/env bash
# Each fault of a provider at length: tests/faults.sh [SECONDS]. Listeners of another provider are measured for SECONDS (3) with it and without it, five
# times. Ends with a table: within how many ms 99% of the other provider's changes reached them, medians of five.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_FAULTS_SECONDS=${1:-3}
STREAMENGINE_FAULTS_TABLE=$(mktemp)
export STREAMENGINE_FAULTS_TABLE
trap 'rm -f "$STREAMENGINE_FAULTS_TABLE"' EXIT
dotnet build tests/Host -v quiet --nologo
status=0
dotnet exec tests/Host/bin/Debug/net10.0/StreamEngine.Host.Tests.dll --no-ansi --progress off --filter-class "*.FaultTests" || status=$?
{
  echo "fault|counted as|p99 without, ms|p99 with, ms|ratio|MB resident so far"
  cat "$STREAMENGINE_FAULTS_TABLE"
} | column -t -s '|'
exit "$status"
