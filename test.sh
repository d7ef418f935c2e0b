#!/usr/bin/env bash
# Installs what the tests need, builds with warnings as errors and runs every test.
# Ends with one line, "N passed, N failed", summed over all test projects.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

need() { # need COMMAND DEBIAN-PACKAGE
  command -v "$1" >/dev/null && return
  echo "installing $2 (for $1)"
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  if ! { $sudo apt-get install -y -qq "$2" || { $sudo apt-get update -qq && $sudo apt-get install -y -qq "$2"; }; } >/dev/null 2>&1; then
    echo "test.sh: '$1' is missing and Debian package '$2' could not be installed; install it by hand and try again" >&2
    exit 1
  fi
}
command -v dotnet >/dev/null || { echo "test.sh: the .NET SDK is missing; see global.json for its version" >&2; exit 1; }
need redis-server redis-server
need promtool prometheus
need strace strace
need cc gcc
need node nodejs
need npm npm
need chromium chromium
npm ci --prefix tests/clients --silent --no-audit --no-fund || { echo "test.sh: the packages of tests/clients could not be installed" >&2; exit 1; }

echo "building"
dotnet build StreamEngine.sln -v quiet --nologo || { echo "0 passed, 1 failed"; exit 1; }

# Two lanes side by side: the tests of the host mostly wait for processes and paced input, all others compute.
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# Without this the lane in the background would go on after Ctrl-C.
trap 'trap - INT TERM; kill 0' INT TERM
run() { # run NAME COMMAND...
  local name=$1 began=$SECONDS log="$results/$1.log" status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  echo "$status" >"$results/$name.status"
  { echo "== $name, $((SECONDS - began)) s"; grep -v '^$' "$log"; } >"$log.shown"
  cat "$log.shown"
}
tests() { # tests PROJECT-FOLDER
  local name
  name=$(basename "$1"/*.csproj .csproj)
  run "$name" dotnet exec "$1/bin/Debug/net10.0/$name.dll" --no-ansi --progress off
}
echo "testing"
tests tests/Host &
for project in tests/*/*.csproj; do
  folder=$(dirname "$project")
  [ "$folder" = tests/Host ] || tests "$folder"
done
# Bytes per operation are those of optimised code; its analyzers have spoken when it was built for the tests.
run allocations dotnet run -c Release --project benchmarks -v quiet --property:RunAnalyzers=false -- allocations
# Who is compared must do the same work.
run outputs dotnet run -c Release --project benchmarks -v quiet --no-build -- check
wait

passed=0 failed=0 skipped=0 broken=""
for status in "$results"/*.status; do
  name=$(basename "$status" .status)
  count() { sed -n "s/^ *$1: \([0-9]*\)$/\1/p" "$results/$name.log" | tail -1; }
  s=$(count succeeded) f=$(count failed) k=$(count skipped)
  passed=$((passed + ${s:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${k:-0}))
  # A runner that died or found no test has failed, whatever it counted.
  if [ "$(cat "$status")" != 0 ] && [ "${f:-0}" = 0 ]; then failed=$((failed + 1)); broken="$broken $name"; fi
done

[ -z "$broken" ] || echo "did not finish:$broken"
if [ "$skipped" -gt 0 ]; then
  echo "$skipped tests were skipped"
  if [ -d ../shared/providers ]; then
    echo "nothing may be skipped where ../shared/providers is present"
    failed=$((failed + skipped))
  fi
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
