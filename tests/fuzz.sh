#!/usr/bin/env bash
# The fuzz tests at length: tests/fuzz.sh [COUNT] [SEED], COUNT mutated inputs for each reader. The seed of a failed run repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."
export STREAMENGINE_FUZZ_COUNT=${1:-1000000} STREAMENGINE_FUZZ_SEED=${2:-$RANDOM}
echo "$STREAMENGINE_FUZZ_COUNT inputs for each reader, seed $STREAMENGINE_FUZZ_SEED"
dotnet build StreamEngine.sln -v quiet --nologo
for name in Pipeline Sources Sinks Host; do
  dotnet exec "tests/$name/bin/Debug/net10.0/StreamEngine.$name.Tests.dll" --no-ansi --progress off --output Detailed --filter-trait "kind=fuzz"
done
