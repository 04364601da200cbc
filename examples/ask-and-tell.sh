#!/bin/sh
# A campaign driven from a shell: it names the runs, this loop makes them, eight at a time, and tells what came of them. Here a simulated
# world stands for the cluster; put in its place whatever launches your runs, and tell their losses in any order.
#   sh examples/ask-and-tell.sh out/asked
set -e
out=${1:-out/asked}
isoflop=${ISOFLOP:-npx isoflop}
runs=$(mktemp)
while $isoflop campaign next -n 8 --jsonl --out "$out" > "$runs" && [ -s "$runs" ]; do
  $isoflop simulate "$runs" --world seed:7 | $isoflop campaign tell - --out "$out"
done
rm -f "$runs"
$isoflop campaign forecast --out "$out"
