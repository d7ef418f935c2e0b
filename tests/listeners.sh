#!/usr/bin/env bash
# A host that is killed under load, and its listeners that come back, at length: tests/listeners.sh [KILLS] [SEED]. The seed of a failed run repeats
# its input and its waits.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_LISTENER_KILLS=${1:-20} STREAMENGINE_CRASH_SEED=${2:-$RANDOM}
echo "$STREAMENGINE_LISTENER_KILLS kills, seed $STREAMENGINE_CRASH_SEED"
dotnet build tests/Host -v quiet --nologo
exec dotnet exec tests/Host/bin/Debug/net10.0/StreamEngine.Host.Tests.dll --no-ansi --progress off --output Detailed --filter-class "*.ListenerCrashTests"
