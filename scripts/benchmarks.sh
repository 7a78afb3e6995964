#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Measures everything that docs/benchmarks.md shows, and writes it there: each section between its markers. What cannot be measured here says why on
# stderr and keeps its old figures. Takes about an hour; nothing else should run meanwhile. JSON files for `trivet bench --peers` stay in
# BUILD_DIR/benchmarks.
#   scripts/benchmarks.sh [BUILD_DIR [SECTION...]]     build/release and all sections; their names are in the markers
set -eu
cd "$(dirname "$0")/.."
build=$(cd "${1:-build/release}" && pwd)
[ $# -eq 0 ] || shift
sections=${*:-machine torch-A-1 torch-A-2 torch-B-1 torch-B-2 libtorch-1 openblas-1 openblas-2 onednn-1 onednn-2 onnxruntime-1 onnxruntime-2}
document=docs/benchmarks.md
results=$build/benchmarks
python=${TRIVET_PYTHON:-build/peers/bin/python}
command -v "$python" >/dev/null 2>&1 || python=python3
mkdir -p "$results"

# field KEY: of lscpu
field() { LC_ALL=C lscpu | sed -n "s/^ *$1: *//p" | head -n 1; }
machine() {
  printf '| | |\n|---|---|\n'
  printf '| date, commit | %s, %s |\n' "$(date -u '+%Y-%m-%d %H:%M UTC')" "$(git describe --always --dirty 2>/dev/null || echo '?')"
  printf '| processor | %s, family %s model %s, %s CPUs |\n' "$(field 'Model name')" "$(field 'CPU family')" "$(field Model)" "$(nproc)"
  printf '| instructions | %s |\n' "$(field Flags | tr ' ' '\n' | grep -xE 'sse4_2|avx|avx2|fma|f16c|avx512[a-z0-9_]*|amx[a-z0-9_]*' | paste -s -d ' ')"
  printf '| caches | L1d %s, L2 %s, L3 %s |\n' "$(field "L1d cache")" "$(field "L2 cache")" "$(field "L3 cache")"
  printf '| system | %s, load %s when it began, huge pages %s |\n' "$(uname -sr)" "$(cut -d ' ' -f 1 /proc/loadavg)" \
    "$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo '?')"
  printf '| Trivet | %s, %s |\n' "$("$build/bin/trivet" --version)" "$(sed -n 's/^CMAKE_BUILD_TYPE:[^=]*=//p' "$build/CMakeCache.txt")"
  printf '| Python | %s |\n' "$("$python" -c 'import sys; print(sys.version.split()[0])')"
}

# measure SECTION: its text on standard output
measure() {
  name=${1%-[0-9]} threads=${1##*-}
  case $1 in
    machine) machine ;;
    torch-*)
      strong=
      case $1 in torch-B-*) strong=--strong ;; esac
      "$python" bench/compare_torch.py --build "$build" --threads "$threads" $strong --markdown --json "$results/$1.json"
      ;;
    onnxruntime-*) "$python" bench/compare_onnxruntime.py --build "$build" --threads "$threads" ;;
    *)
      [ -x "$build/bin/trivet_bench_$name" ] || { echo "there is no $build/bin/trivet_bench_$name: scripts/setup-peers.sh --bench, then build again" >&2 && return 77; }
      "$build/bin/trivet_bench_$name" "$threads"
      ;;
  esac
}

for section in $sections; do
  grep -qx "<!-- $section -->" $document || { echo "benchmarks: no section '$section' in $document" >&2 && exit 2; }
  echo "benchmarks: $section" >&2
  if ! measure "$section" >"$results/$section.md"; then
    echo "benchmarks: $section SKIPPED, its figures stay as they are" >&2
    continue
  fi
  awk -v section="$section" -v file="$results/$section.md" '
    $0 == "<!-- /" section " -->" { inside = 0 }
    !inside
    $0 == "<!-- " section " -->" { inside = 1; print ""; while ((getline line < file) > 0) print line; print "" }' $document >"$results/document.md"
  cat "$results/document.md" >$document
done
