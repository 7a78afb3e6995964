#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release
# No wide instruction leaks into code that runs on every x86-64 processor, read with objdump and nm from the objects that were built:
#   - libraries, drivers and `scalar` kernels hold no instruction of AVX or later, kernels for AVX2 none of AVX-512;
#   - what an object of kernels exports or calls of ours bears the name of its instruction set; else it exports tables and calls the C library.
set -eu
for tool in objdump nm; do
  command -v $tool >/dev/null || { echo "no $tool (apt install binutils)"; exit 77; }
done
cd "$TRIVET_BUILD_DIR"
case $(objdump -f lib/libtrivet.so) in
  *x86-64*) ;;
  *) echo "built for another architecture, whose vector instructions every processor has"; exit 77;;
esac

n=0
bad=0
complain() { echo "$1"; bad=$((bad + 1)); }

AVX='[[:space:]]v[a-z0-9]+[[:space:]].*%[xyz]mm|%[yz]mm|%k[0-7]' # encoded as AVX is, or with registers that came later
AVX512='%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])'

check() { # check PATTERN FILE...: each is disassembled alone, so that a complaint names it
  pattern=$1
  shift
  n=$((n + $#))
  objdump -d --no-show-raw-insn "$@" | grep -E -q "$pattern" || return 0
  for file in "$@"; do
    found=$(objdump -d --no-show-raw-insn "$file" | grep -E -m 1 "$pattern" || true)
    [ -z "$found" ] || complain "${file#CMakeFiles/}: $found"
  done
}

list() { find CMakeFiles -path "CMakeFiles/$1" -name '*.o'; }

# The patterns must see what they look for.
objdump -d --no-show-raw-insn $(list 'backend_cpu_simd_map_f32_avx2.dir/*') | grep -E -q "$AVX" || complain "the kernels for AVX2 hold none of its instructions"
for object in $(list 'backend_cpu_simd_map_f32_avx512.dir/*'); do
  objdump -d --no-show-raw-insn "$object" | grep -E -q "$AVX512" || complain "the kernels for AVX-512 hold none of its instructions"
done

check "$AVX" lib/lib*.so.*.*.* $(find lib/trivet -name '*.so' ! -name 'trivet_cpu_simd.so') $(list 'backend_cpu_simd.dir/*') $(list 'backend_cpu_simd_*_scalar.dir/*')
check "$AVX512" $(list 'backend_cpu_simd_*_avx2.dir/*')

for object in $(list 'backend_cpu_simd_*_*.dir/*'); do
  n=$((n + 1))
  isa=${object#*/backend_cpu_simd_} isa=${isa%%.dir/*} isa=${isa##*_}
  names=$(nm "$object" | awk -v isa="_$isa\$" 'NF == 3 && $2 ~ /[TWVu]/ && $3 !~ isa { print "exports " $3 } NF == 2 && $2 ~ /^(rt|simd|ref|gemm)/ && $2 !~ isa { print "calls " $2 }' | tr '\n' ' ')
  [ -z "$names" ] || complain "${object#CMakeFiles/}: $names"
done

[ "$n" -gt 50 ] || complain "only $n objects were found"
echo "$n objects, $bad complaints"
[ "$bad" -eq 0 ]
