#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# trivet bench: names and filters, the JSON of its figures, baselines that regress or do not, figures of peers, and a sentence for whatever is wrong.
# No time is judged: baselines are changed by a factor of a million before they are compared with.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
quick="--quick --samples 3"
is() { n_checks=$((n_checks + 1)); [ "$2" = "$3" ] || bad "$1 is '$2', not '$3'"; }

# ---- names ----------------------------------------------------------------------------------------------------------------------------------
run bench --list; ok; says add/f32/8/new add/f32/4000x4000/given relu/f32/1000x1000/in_place sum_dim0/f32/500x500/new cast_f16/f32/100x100/new \
  matmul/f32/256x256x256/new conv_3x3/f32/1x64x56x56x64/given softmax/bf16/1000x1000/new layer_norm/f32/8/new chain_gelu/f32/32/new from_host/f32/8/new
is "a name that is there twice" "$(sort out | uniq -d)" ""
is "a name without four parts" "$(grep -cvE '^[a-z0-9_]+/[a-z0-9]+/[0-9x]+/(new|given|in_place)$' out)" 0
run bench --list 'add/f32/8/*'; ok; is "cases of a pattern" "$(wc -l <out | tr -d ' ')" 3
run bench -l add/f32/8/,mul/f32/8/n add/f32/8/new; ok; is "cases of three parts" "$(wc -l <out | tr -d ' ')" 4
run bench -l --quick; ok; is "large cases among the quick ones" "$(grep -c '1000x1000\|4000' out)" 0
run bench -l nonsense; fails 1 "no case is called 'nonsense'"

# ---- one quick run: table and JSON -------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086 # several words
run bench $quick add/f32/8,sum/f32/100x100,matmul/f32/32x32x32/new --json figures.json
ok; says add/f32/8/in_place matmul/f32/32x32x32/new roofline "f32 peak" "Geometric means" "Matrix products"
cp figures.json out; json
if command -v python3 >/dev/null 2>&1; then
  n_checks=$((n_checks + 1))
  python3 - figures.json >out 2>err <<'PY' || bad "not what google-benchmark writes"
import json, sys
data = json.load(open(sys.argv[1]))
context, cases, machine = data["context"], data["benchmarks"], data["roofline"]
for key, kind in {"date": str, "executable": str, "num_cpus": int, "mhz_per_cpu": (int, float), "cpu_scaling_enabled": bool, "caches": list, "load_avg": list,
                  "library_build_type": str, "library": str, "backends": str, "threads": int, "cpu_model": str, "compiler": str, "kernel": str}.items():
    assert isinstance(context[key], kind), key
names = [c["name"] for c in cases]
assert names == ["add/f32/8/new", "add/f32/8/given", "add/f32/8/in_place", "sum/f32/100x100/new", "matmul/f32/32x32x32/new"], names
for c in cases + machine:
    assert c["run_type"] == "iteration" and c["time_unit"] == "ns" and c["iterations"] > 0 and c["run_name"] == c["name"]
    assert 0 < c["min"] <= c["q1"] <= c["real_time"] <= c["q3"] and c["cpu_time"] > 0 and c["samples"] == 3
by_name = {c["name"]: c for c in cases}
def amount(name, key): return by_name[name][key] * by_name[name]["real_time"] / 1e9
for name, key, expected in [("add/f32/8/new", "bytes_per_second", 96), ("add/f32/8/in_place", "bytes_per_second", 96), ("sum/f32/100x100/new", "bytes_per_second", 40004),
                            ("matmul/f32/32x32x32/new", "bytes_per_second", 3 * 4096), ("matmul/f32/32x32x32/new", "flops_per_second", 65536)]:
    assert abs(amount(name, key) / expected - 1) < 1e-9, (name, key, amount(name, key))
assert by_name["sum/f32/100x100/new"]["traffic"] == "read" and by_name["sum/f32/100x100/new"]["roofline_share"] > 0
assert "roofline_share" not in by_name["add/f32/8/new"]  # too small for streams to mean anything
assert any(c["name"].startswith("roofline/read/") for c in machine) and any(c["name"].startswith("roofline/fma/f32/") for c in machine)
PY
fi
# shellcheck disable=SC2086
run --json bench $quick relu/f32/8/new; ok; json; says '"relu/f32/8/new"'
# every kind of operand and call once
# shellcheck disable=SC2086
run bench $quick 'full/*/100x100/new,*/f32/100x100/*,*/f32/8/*,conv*x8/new,copy_nhwc,cast*100x100,matmul*,*vec*,vecmat*' --threads 2; ok; says conv_depthwise/f32/1x8x14x14x8/new

run bench --calls 3 add/f32/8/new,softmax/f32/100x100/given; ok; is "what was called" "$(tr '\n' ' ' <out)" "add/f32/8/new softmax/f32/100x100/given "

# ---- baselines -----------------------------------------------------------------------------------------------------------------------------------
# doctored FILE NAME FACTOR: the figures of the cases times a factor
doctored() {
  awk -v factor="$3" '/"(real_time|q1|q3)":/ { number = $2; sub(/,$/, "", number); sub(/: .*/, sprintf(": %.9g,", number * factor)) } { print }' "$1" >"bench-baselines/$2.json"
}
# shellcheck disable=SC2086
run bench $quick --save mine add/f32/8/new,exp/f32/32/new; ok
cp bench-baselines/mine.json out; json
doctored bench-baselines/mine.json fast 0.000001
doctored bench-baselines/mine.json slow 1000000
# shellcheck disable=SC2086
run bench $quick --against slow add/f32/8; ok; says "Faster than the baseline" "1 cases in both, 0 slower and 1 faster"
# shellcheck disable=SC2086
run bench $quick --against fast add/f32/8,exp/f32/32 --json kept.json --save after
fails 1 "2 cases are slower than bench-baselines/fast.json"; says SLOWER exp/f32/32/new
for file in kept.json bench-baselines/after.json; do [ -s $file ] || bad "a regression kept $file from being written"; done
# shellcheck disable=SC2086
run bench $quick --against ./bench-baselines/fast.json add/f32/8/new --json -; fails 1 "1 case is slower than ./bench-baselines/fast.json"; json
sed 's/"cpu_model": ".*"/"cpu_model": "Another One"/; s/"threads": [0-9]*,/"threads": 77,/' bench-baselines/slow.json >bench-baselines/elsewhere.json
# shellcheck disable=SC2086
run bench $quick --against elsewhere add/f32/8/new
is "the exit code of a comparison with another machine" "$code" 0
for what in "processor: 'Another One'" "number of threads: '77'"; do
  n_checks=$((n_checks + 1))
  grep -q "WARNING.*$what" err || bad "said nothing about the other $what"
done

# ---- figures of others: aggregates, other units ---------------------------------------------------------------------------------------------------
cat >peers.json <<'END'
{"context": {"library": "PyTorch \u0032.9", "threads": 1}, "benchmarks": [
 {"name": "add/f32/8/new", "real_time": 7, "cpu_time": 7, "time_unit": "s", "iterations": 1},
 {"name": "add/f32/8/new_mean", "run_name": "add/f32/8/new", "aggregate_name": "mean", "real_time": 9e9, "time_unit": "s"},
 {"name": "add/f32/8/new_median", "run_name": "add/f32/8/new", "aggregate_name": "median", "real_time": 1e3, "time_unit": "ms"}]}
END
# shellcheck disable=SC2086
run bench $quick --peers peers.json add/f32/8; ok; says "Against PyTorch 2.9: 1 cases in both" peer

# ---- the HTML report: well-formed, with everything in it, and nothing fetched -------------------------------------------------------------------------
sed 's/"library": "[^"]*"/"library": "<Peer> \& Co"/' peers.json >strange.json
# shellcheck disable=SC2086
run bench $quick add/f32/8,add/f32/100x100,matmul/f32/32x32x32/new,cast_f16/f32/100x100/new --peers strange.json --against fast --html report.html; fails 1 "slower than"
for text in '<!DOCTYPE html>' 'name="viewport"' 'prefers-color-scheme:dark' '&lt;Peer&gt; &amp; Co' 'id="matmul"' '<td>add/<wbr/>f32/<wbr/>100x100/<wbr/>in_place</td>' '<td>cast_f16/<wbr/>f32/<wbr/>100x100/<wbr/>new</td>' \
  'now / baseline' 'peer / this' 'class="bad"' '<polyline' 'class="chip"'; do
  n_checks=$((n_checks + 1))
  grep -qF -- "$text" report.html || bad "the report lacks '$text'"
done
is "what a browser would fetch or run" "$(grep -ciE 'https?:|<script|<link|src=|url\(|@import' report.html)" 0
is "figures that are none" "$(grep -ciE '[^a-z](nan|inf)[^a-z]' report.html)" 0
if command -v xmllint >/dev/null 2>&1; then
  n_checks=$((n_checks + 1))
  xmllint --noout report.html 2>err || bad "the report is not well-formed"
fi
# shellcheck disable=SC2086
run bench $quick add/f32/8/new --html small.html; ok
# shellcheck disable=SC2086
run bench $quick add/f32/8/new --html no/such/place; fails 1 no/such/place "No such file"

# ---- what is wrong -------------------------------------------------------------------------------------------------------------------------------
run bench --nonsense; [ "$code" -eq 2 ] || bad "should have failed with exit code 2"
run bench --threads 0; fails 2 "--threads takes a number from 1 to 256, not '0'"
run bench --samples many; fails 2 "--samples takes a number" "'many'"
run bench --calls 0; fails 2 "--calls takes a number from 1 to 1000000000, not '0'"
run bench --calls 1 --json x.json; fails 2 "--calls measures nothing"
run bench --threshold -1; fails 2 "--threshold takes a number from 0 to 1000"
run bench --against nothing; fails 1 bench-baselines/nothing.json "No such file"; silent
run bench --peers .; fails 1 ".: Is a directory"; silent
run bench --backend nonsense add/f32/8; fails 1 nonsense; silent
# shellcheck disable=SC2086
run bench $quick add/f32/8/new --save no/such/place; fails 1 no/such/place "No such file"
# shellcheck disable=SC2086
run bench $quick add/f32/8/new --json no/such/place; fails 1 no/such/place "No such file"
broken() { printf '%s' "$1" >broken.json; shift; run bench --peers broken.json add/f32/8; fails 1 broken.json "$@"; silent; }
broken '' "a value is missing at byte 0"
broken '{"benchmarks": [}' "a value is missing at byte 16"
broken '{"benchmarks": []} x' "more after the value at byte 19"
broken '{"benchmarks" []}' "':' is missing at byte 14"
broken '{"benchmarks": [1 2]}' "',' is missing at byte 18"
broken '{"benchmarks": "no' "a string without end"
broken '{"a": "\ud800\u00g0"}' "four hexadecimal digits are missing"
broken '{"a": "\x"}' "an unknown escape"
broken '{"a": 01}' "a value is missing"
broken '{"a": 1.}' "a digit is missing"
broken '{"a": 1e}' "a digit is missing"
broken '{"a": "	"}' "a control character"
broken "$(awk 'BEGIN { while (i++ < 100) printf "[" }')" "too many brackets inside each other"
broken '[]' "no list of benchmarks"
broken '{"benchmarks": {}}' "no list of benchmarks"
broken '{"benchmarks": [{"real_time": 1}]}' "a benchmark has no name"
broken '{"benchmarks": [{"name": "x", "real_time": "1"}]}' "x has no time"
broken '{"benchmarks": [{"name": "x", "real_time": 1, "time_unit": "hours"}]}' "x has no time"
broken '{"benchmarks": [{"name": "x", "real_time": -1}]}' "x has no time"
run bench --help; ok; says --against
finish
