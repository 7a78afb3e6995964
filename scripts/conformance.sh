#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Writes docs/conformance.md from what the tests of a build left in tests/results, one file per suite, and in tests/onnx_suite.json. Coverage
# comes from a second build; without one its rows stay as they are in the document.
#   scripts/conformance.sh BUILD_DIR [COVERAGE_BUILD_DIR]            writes the document; run the tests first
#   scripts/conformance.sh --check BUILD_DIR [COVERAGE_BUILD_DIR]    exit 1 when the document has other rows than it would get now (an operation, a
#                                                                    suite, a mistake more or less); numbers may differ. Exit 77: not all suites ran
set -eu
check=
if [ "${1:-}" = --check ]; then check=yes && shift; fi
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
coverage=${2:-$root/build/coverage}
document=$root/docs/conformance.md
results=$build/tests/results

missing=
for suite in grid_cpu_ref grid_toy misuse no_memory faults_files faults_tool fuzz_npy fuzz_onnx mutants mpfr sequences; do
  [ -s "$results/$suite.tsv" ] || missing="$missing $suite"
done
onnx_json=$build/tests/onnx_suite.json
[ -s "$onnx_json" ] || missing="$missing onnx_suite"
if [ -n "$missing" ]; then
  echo "skipped: no results of$missing in $results; run the tests first"
  exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As `trivet onnx-test` writes it, a field a line: a verdict and a case a line, then "operation", its name and three numbers.
onnx=$work/onnx.tsv
awk -F '"' -v OFS='\t' '/^  "operations"/ { of_operations = 1 }
  $2 == "name" { name = $4 }
  $2 == "verdict" { print $4, name }
  of_operations && /"(passed|failed|unsupported)": [0-9]/ { n[$2] = $3; gsub(/[^0-9]/, "", n[$2]) }
  of_operations && $2 == "unsupported" { print "operation", name, n["passed"], n["unsupported"], n["failed"] }' "$onnx_json" >"$onnx"
coverage_rows=$coverage/tests/results/coverage.tsv
if [ ! -s "$coverage_rows" ]; then # what the document says: name, what, percent, all, least
  coverage_rows=$work/coverage.tsv
  sed -n 's/^| coverage: \(.*\), \([a-z]*\) | gcov | \([0-9]*\) .* | \([0-9]*\) % | at least \([0-9]*\) % |.*/\1	\2	\4	\3	\5/p' "$document" >"$coverage_rows" 2>/dev/null || :
fi
trivet=$("$build/bin/trivet" --version | sed 's/trivet //')
interface=$(sed -n 's/^#define RTB_M[AI][JN]OR \([0-9]*\).*/\1/p' "$root/include/trivet/backend.h" | paste -s -d .)
testdata=$(dpkg-query -W -f '${Version}' libonnx-testdata 2>/dev/null || echo '?')

# sum FILE COLUMN: of lines that do not begin with #
sum() { awk -F '\t' -v column="$2" '!/^#/ { s += $column } END { print s + 0 }' "$1"; }
lines() { grep -vc '^#' "$1"; }
# row SUITE VERSION SIZE PASSED SKIPPED FAILED
row() { printf '| %s | %s | %s | %s | %s | %s |\n' "$@"; }
grid_row() {
  file=$results/$2.tsv
  row "$1" "Trivet $trivet, interface $interface" \
    "$(awk -F '\t' '{ s += $2 + $3 + $4 } END { print s }' "$file") cells of $(lines "$file") operations; a kernel of its own ran in $(sum "$file" 5)" \
    "$(sum "$file" 2)" "$(sum "$file" 4)" "$(sum "$file" 3)"
}
# counted SUITE VERSION FILE UNIT: name, how many, how many of them wrong
counted() {
  n=$(sum "$3" 2) wrong=$(sum "$3" 3)
  row "$1" "$2" "$n $4" "$((n - wrong))" 0 "$wrong"
}
onnx_count() { grep -c "^$1	$2" "$onnx" || :; }

write() {
  cat <<'TEXT'
# Conformance

What was run, on what, and what came of it. Written by `scripts/conformance.sh build/release build/coverage` from the results of the tests (`make
test`, then the presets `release` and `coverage`); do not edit. The test `docs_conformance` fails when a row is missing here or too many.

## Suites

| suite | version | size | passed | skipped | failed |
|---|---|---|--:|--:|--:|
TEXT
  grid_row '[grid](conformance-grid.md) on cpu_ref' grid_cpu_ref
  grid_row '[grid](conformance-grid.md) on toy, the asynchronous example' grid_toy
  row 'f32 of cpu_ref against MPFR' "MPFR $(sed -n 's/^#	//p' "$results/mpfr.tsv")" "$(lines "$results/mpfr.tsv") operations, 6144 numbers each" \
    "$(awk -F '\t' '!/^#/ && ($2 + 0 <= $3 + 0) { n++ } END { print n + 0 }' "$results/mpfr.tsv")" 0 \
    "$(awk -F '\t' '!/^#/ && ($2 + 0 > $3 + 0) { n++ } END { print n + 0 }' "$results/mpfr.tsv")"
  for kind in $(sed -n 's/^[A-Za-z ]*	\([a-z-]*\)\/.*/\1/p' "$onnx" | sort -u); do
    row "ONNX $kind tests on cpu_ref" "libonnx-testdata $testdata" "$(onnx_count '[A-Za-z ]*' "$kind/") tests" "$(onnx_count passed "$kind/")" \
      "$(onnx_count unsupported "$kind/")" "$(onnx_count failed "$kind/")"
  done
  counted 'misuse of the C API' "Trivet $trivet" "$results/misuse.tsv" rows
  counted 'allocation failure at every point, then again with memory' "Trivet $trivet" "$results/no_memory.tsv" 'scenarios (host and device)'
  counted 'faults of the system: files and plugins' "Trivet $trivet" "$results/faults_files.tsv" "faults on $(lines "$results/faults_files.tsv") paths"
  counted 'faults of the system: the tool' "Trivet $trivet" "$results/faults_tool.tsv" "faults in $(lines "$results/faults_tool.tsv") commands"
  counted 'random sequences of calls against a naive oracle' "Trivet $trivet" "$results/sequences.tsv" "calls in $(lines "$results/sequences.tsv") settings"
  for file in "$results"/fuzz_*.tsv; do
    counted "$(basename "$file" .tsv): seeds and what once failed, replayed" "Trivet $trivet" "$file" inputs
  done
  row 'mutants: wrong kernels that the grid must catch' "Trivet $trivet" "$(lines "$results/mutants.tsv") mistakes" \
    "$(awk -F '\t' '$3 != "" { n++ } END { print n + 0 }' "$results/mutants.tsv")" 0 "$(awk -F '\t' '$3 == "" { n++ } END { print n + 0 }' "$results/mutants.tsv")"

  printf '\nONNX tests that are skipped hold something that is not supported yet; each that does not pass has its reason in `tests/tool/onnx_known.txt`.\n'
  printf '\n| coverage | by | size | reached | promised | |\n|---|---|---|--:|--:|---|\n'
  awk -F '\t' '{ printf "| coverage: %s, %s | gcov | %d %s | %d %% | at least %d %% | %s |\n", $1, $2, $4, $2, $3, $5, ($3 >= $5 ? "kept" : "BROKEN") }' "$coverage_rows"

  cat <<'TEXT'

## The grid per operation and backend

Cells passed / skipped / failed. A backend that has no kernel for a call passes it on; the last column counts the cells in which a kernel of the
example itself ran.

| operation | cpu_ref | toy | of these by toy |
|---|--:|--:|--:|
TEXT
  awk -F '\t' 'NR == FNR { toy[$1] = $2 " / " $4 " / " $3; own[$1] = $5; next }
    { printf "| %s | %d / %d / %d | %s | %s |\n", $1, $2, $4, $3, toy[$1], own[$1] }' "$results/grid_toy.tsv" "$results/grid_cpu_ref.tsv" | LC_ALL=C sort

  printf '\n## ONNX tests per operator\n\nA test counts for each operator that its graph holds.\n\n| operator | passed | not supported | failed |\n|---|--:|--:|--:|\n'
  awk -F '\t' '$1 == "operation" { printf "| %s | %d | %d | %d |\n", $2, $3, $4, $5 }' "$onnx" | LC_ALL=C sort

  printf '\n## f32 of cpu_ref against MPFR\n\nThe largest error in ulp where the result is not the nearest f32, and the bound of the row.\n\n| operation | error | bound |\n|---|--:|--:|\n'
  awk -F '\t' '!/^#/ { printf "| %s | %s | %s |\n", $1, $2, $3 }' "$results/mpfr.tsv" | LC_ALL=C sort

  printf '\n## Mutants\n\n| mistake | cells that fail | the first that its name must explain |\n|---|--:|---|\n'
  awk -F '\t' '{ printf "| %s | %d | `%s` |\n", $1, $2, $3 }' "$results/mutants.tsv" | LC_ALL=C sort
}

shape() { sed -E 's/[0-9]+(\.[0-9]+)*(-[0-9]+)?/#/g' "$1"; }

write >"$work/conformance.md"
if [ -z "$check" ]; then
  cp "$work/conformance.md" "$document"
  echo "conformance: wrote $document"
  exit 0
fi
shape "$work/conformance.md" >"$work/new"
shape "$document" >"$work/old" 2>/dev/null || : >"$work/old"
if ! diff "$work/old" "$work/new" >"$work/diff"; then
  echo "docs/conformance.md is stale (< it says, > it would say): run scripts/conformance.sh build/release build/coverage"
  head -n 40 "$work/diff"
  exit 1
fi
echo "docs/conformance.md has the rows that the results have"
