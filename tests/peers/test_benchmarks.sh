#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: unsanitized
# The comparisons with other libraries: each that is here runs, agrees with us and prints ratios; wrong names and missing libraries are told apart;
# scripts/benchmarks.sh knows the sections of its page. Times are not looked at.
set -eu
. "${TRIVET_SOURCE_DIR:?}/tests/peers/python.sh"
build=${TRIVET_BUILD_DIR:?}
unset RT_BACKEND RT_LAYERS RT_FALLBACK RT_MEMORY_LIMIT
export PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 ran=0
complain() { echo "FAILED: $*"; sed 's/^/  /' "$work/out" "$work/err"; failed=1; }
# run EXIT_STATUS PATTERN COMMAND...: the pattern must be in what the command prints, on either stream
run() {
  wanted=$1 pattern=$2
  shift 2
  ran=$((ran + 1)) status=0
  "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" = "$wanted" ] || complain "$* ended with $status, not $wanted"
  grep -q -- "$pattern" "$work/out" "$work/err" || complain "$* did not print '$pattern'"
}

for library in openblas onednn libtorch; do
  program=$build/bin/trivet_bench_$library
  [ -x "$program" ] || { echo "no $program, so nothing of it is tested"; continue; }
  run 0 '^| matmul/f32/16x16x16/given | .* | [*0-9.]* |$' "$program" 1 matmul/f32/16x16x16
  run 0 '^| matmul_nt/f32/64x64x64/given |' "$program" 1 matmul_nt/f32/64x64x64
  run 0 '^| matmul_batched/f32/64x8x8x8/given |' "$program" 1 matmul_batched/f32/64x8x8x8
  run 1 'nothing is called like .nonsense' "$program" 1 nonsense
  run 2 Usage "$program" 0
  [ $library = openblas ] || run 0 '^| conv_depthwise/f32/1x8x14x14x8/given |' "$program" 1 1x8x14x14x8
  [ $library = libtorch ] || continue
  run 0 '^| sum/f32/8/new |' "$program" 1 /f32/8/
done

if [ -f "$build/peers/trivet_thin.abi3.so" ]; then
  if (find_python numpy onnxruntime) >/dev/null; then
    find_python numpy onnxruntime
    run 0 '^| 1000 | .* | [*0-9.]* |$' "$python" "$TRIVET_SOURCE_DIR/bench/compare_onnxruntime.py" --build "$build" --rounds 1
  else
    echo "no Python with ONNX Runtime (scripts/setup-peers.sh)"
  fi
  if (find_python numpy torch) >/dev/null; then
    find_python numpy torch
    compare="$python $TRIVET_SOURCE_DIR/bench/compare_torch.py --build $build --rounds 1 --sample-us 1"
    run 0 '^Against PyTorch: .* cases' $compare --filter /8/,/8x8x8,/100x100/,1x8x14x14,1x3x32x32 --json "$work/a.json" --json-numpy "$work/b.json"
    run 0 '"name": "add/f32/8/in_place"' cat "$work/a.json"
    run 0 '"library": "NumPy' cat "$work/b.json"
    run 0 'add/f32/8/new' "$build/bin/trivet" bench --quick --peers "$work/a.json" add/f32/8
    run 0 'goal against B, 1 thread' $compare --filter tanh/f32/500x500/given --strong --markdown
    run 1 'no case of cases.def is called like .nonsense' $compare --filter nonsense
  else
    echo "no Python with PyTorch (scripts/setup-peers.sh --bench)"
  fi
else
  echo "no $build/peers/trivet_thin.abi3.so (apt install python3-dev)"
fi
run 77 SKIPPED "${python:-python3}" "$TRIVET_SOURCE_DIR/bench/compare_onnxruntime.py" --build "$work"

# The page has the sections that the script measures, each with both markers.
sections=$(sed -n 's/^sections=.*:-\(.*\)}$/\1/p' "$TRIVET_SOURCE_DIR/scripts/benchmarks.sh")
[ -n "$sections" ] || { echo "FAILED: no list of sections in scripts/benchmarks.sh"; failed=1; }
for section in $sections; do
  for marker in "<!-- $section -->" "<!-- /$section -->"; do
    grep -qxF -- "$marker" "$TRIVET_SOURCE_DIR/docs/benchmarks.md" || { echo "FAILED: docs/benchmarks.md has no line $marker"; failed=1; }
  done
done
echo "$ran runs"
exit $failed
