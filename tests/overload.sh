#!/usr/bin/env bash
# The overload tests at length: tests/overload.sh [SECONDS] with each fault for so long (300). Ends with a table.
# Needs redis-server and a C compiler; a disk that is really full needs the right to mount a tmpfs, else one is made to look full.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_OVERLOAD_SECONDS=${1:-300}
STREAMENGINE_OVERLOAD_TABLE=$(mktemp)
export STREAMENGINE_OVERLOAD_TABLE
trap 'rm -f "$STREAMENGINE_OVERLOAD_TABLE"' EXIT
echo "each fault for $STREAMENGINE_OVERLOAD_SECONDS s"
dotnet build tests/Host -v quiet --nologo
status=0
dotnet exec tests/Host/bin/Debug/net10.0/StreamEngine.Host.Tests.dll --no-ansi --progress off --filter-class "*OverloadTests" || status=$?
{
  echo "fault|records in|most MB resident|stated bound, MB|most MB heap|longest ms without news|news|file: dropped|stream: dropped|well again after s"
  cat "$STREAMENGINE_OVERLOAD_TABLE"
} | column -t -s '|'
exit "$status"
