#!/usr/bin/env bash
# The tests of providers' limits at length: tests/limits.sh [COUNT] [SEED] [SECONDS]. COUNT plays under virtual time, then SECONDS at the limit of a
# real server with 20 kills of a real host, and as long, in whole tens, ten configs against what was planned; 0 leaves one of them out. The seed of a failed run repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-10000} seconds=${3:-600}
export STREAMENGINE_LIMITS_SEED=${2:-$RANDOM}
echo "$count plays, then $seconds s with 20 kills, seed $STREAMENGINE_LIMITS_SEED"
run() { # run PROJECT CLASS
  dotnet build "tests/$1" -v quiet --nologo
  dotnet exec "tests/$1/bin/Debug/net10.0/StreamEngine.$1.Tests.dll" --no-ansi --progress off --output Detailed --filter-class "*.$2"
}
[ "$count" = 0 ] || STREAMENGINE_LIMITS_COUNT=$count run Pipeline LimitTests
[ "$seconds" = 0 ] || STREAMENGINE_LIMITS_SECONDS=$seconds STREAMENGINE_LIMITS_KILLS=20 run Host LimitsTests
[ "$seconds" = 0 ] || STREAMENGINE_PLAN_SECONDS=$(((seconds + 9) / 10 * 10)) run Sources PlannedCountsTests
