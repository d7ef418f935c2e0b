#!/usr/bin/env bash
# Listeners that do all that is wrong, at length: tests/abuse.sh [SECONDS] [CONNECTS_PER_SECOND] [SEED], 30 s of 2,000 a second. Each abuse by itself first,
# then the storm. Ends with a table: what was tried, what the host answered, how often. The seed of a failed run repeats its visits.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_ABUSE_SECONDS=${1:-30} STREAMENGINE_ABUSE_CONNECTS=${2:-2000} STREAMENGINE_ABUSE_SEED=${3:-$RANDOM}
STREAMENGINE_ABUSE_TABLE=$(mktemp)
export STREAMENGINE_ABUSE_TABLE
trap 'rm -f "$STREAMENGINE_ABUSE_TABLE"' EXIT
echo "$STREAMENGINE_ABUSE_CONNECTS connects a second for $STREAMENGINE_ABUSE_SECONDS s, seed $STREAMENGINE_ABUSE_SEED"
dotnet build tests/Host -v quiet --nologo
status=0
for class in AbuseTests StormTests; do
  dotnet exec tests/Host/bin/Debug/net10.0/StreamEngine.Host.Tests.dll --no-ansi --progress off --filter-class "*.$class" || status=$?
done
{
  echo "what was tried|answer|how many"
  cat "$STREAMENGINE_ABUSE_TABLE"
} | column -t -s '|'
exit "$status"
