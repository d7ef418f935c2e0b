#!/usr/bin/env bash
# The crash tests at length: tests/crash.sh [KILLS] [SECONDS] [SEED]. The seed of a failed run repeats its input and its waits.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_CRASH_KILLS=${1:-50} STREAMENGINE_CRASH_SECONDS=${2:-120} STREAMENGINE_CRASH_SEED=${3:-$RANDOM}
export STREAMENGINE_AIMED_KILLS=$STREAMENGINE_CRASH_KILLS STREAMENGINE_REDIS_CRASH_KILLS=20 STREAMENGINE_REDIS_CRASH_RESTARTS=5
echo "$STREAMENGINE_CRASH_KILLS kills, input for $STREAMENGINE_CRASH_SECONDS s, seed $STREAMENGINE_CRASH_SEED"
dotnet build tests/Host -v quiet --nologo
exec dotnet exec tests/Host/bin/Debug/net10.0/StreamEngine.Host.Tests.dll --no-ansi --progress off --filter-class "*CrashTests"
