#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Renews the ledger of errors, tests/ulp/ledger.tsv, and the table in docs/numerics.md that is made of it.
#   scripts/ulp.sh BUILD_DIR [OPTIONS [NAME ...]]   options of tests/ulp_ulp full: -i isa, -d dtype, -s stride (1: all floats, a minute
#                                                   for most functions, five for sin), -n pairs (of f32, for functions of two numbers)
#   scripts/ulp.sh table                            the table alone
# A new line replaces that of the same function, dtype and instruction set. Ends with 1 when a bound is broken.
set -eu
root=$(dirname "$0")/..
ledger=$root/tests/ulp/ledger.tsv
status=0
if [ "$1" != table ]; then
  build=$1
  shift
  commit=$(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD -- backends include || echo +) # +: and changes to it
  "$build/tests/ulp_ulp" full -c "$commit" "$@" > "$build/ulp.tsv" || status=1
  cat "$build/ulp.tsv" >> "$ledger"
  awk -F '\t' '{ key = $1 FS $2 FS $3; if (!(key in line)) order[n++] = key; line[key] = $0 } END { for (i = 0; i < n; i++) print line[order[i]] }' "$ledger" \
    | LC_ALL=C sort > "$ledger.new"
  mv "$ledger.new" "$ledger"
fi

# Worst error of each function: f32 and f64 on each instruction set, halves over all of them.
awk -F '\t' '
  { value[$1, $2, $3] = $5; bound[$1] = $6; if (!($1 in seen)) { seen[$1] = 1; order[n++] = $1 } isas[$3] = 1; count[$1, $2, $3] = $4 }
  function inputs(name, dtype, isa) { return count[name, dtype, isa] >= 4294967296 ? "all" : count[name, dtype, isa] }
  function worst(name, dtype, isa) { return (name, dtype, isa) in value ? sprintf("%.2f", value[name, dtype, isa]) : "" }
  function all(name, dtype,   i, m) { m = ""; for (i in isas) if ((name, dtype, i) in value && value[name, dtype, i] >= m) m = value[name, dtype, i]; return m == "" ? "" : sprintf("%.2f", m) }
  END {
    print "| function | bound | f32 avx512 | inputs | f32 avx2 | inputs | f32 scalar | inputs | f16 | bf16 | f64 avx512 | f64 avx2 | f64 scalar |"
    print "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    for (i = 0; i < n; i++) {
      f = order[i]
      print "| " f " | " bound[f] " | " worst(f, "f32", "avx512") " | " inputs(f, "f32", "avx512") " | " worst(f, "f32", "avx2") " | " inputs(f, "f32", "avx2") " | " worst(f, "f32", "scalar") " | " inputs(f, "f32", "scalar") \
        " | " all(f, "f16") " | " all(f, "bf16") " | " worst(f, "f64", "avx512") " | " worst(f, "f64", "avx2") " | " worst(f, "f64", "scalar") " |"
    }
  }' "$ledger" > "$ledger.table"
awk -v table="$ledger.table" '
  /<!-- ulp: made by scripts\/ulp.sh -->/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
  /<!-- ulp: end -->/ { skip = 0 }
  !skip' "$root/docs/numerics.md" > "$root/docs/numerics.md.new"
mv "$root/docs/numerics.md.new" "$root/docs/numerics.md"
rm "$ledger.table"
exit $status
