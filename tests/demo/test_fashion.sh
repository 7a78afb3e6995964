#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The demo on a few images: two backends agree with each other and with the recorded labels, half of the toy's operations fall back, and
# what is missing, malformed, wrong or fails later is a sentence and exit status 1 or 2.
set -eu
source=${TRIVET_SOURCE_DIR:?} build=${TRIVET_BUILD_DIR:?}
demo=$build/bin/example_fashion
data=/usr/share/datasets/fashion-mnist
labels=$data/t10k-labels-idx1-ubyte.gz
if [ ! -x "$demo" ] || [ ! -e "$labels" ]; then
  echo "skipped: needs zlib1g-dev when built, and dataset-fashion-mnist"
  exit 77
fi
unset RT_BACKEND RT_LAYERS RT_FALLBACK RT_THREADS RT_MEMORY_LIMIT NO_COLOR
export RT_BACKEND_PATH="$build/examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
n=0

bad() {
  echo "FAILED: $1"
  tail -n 20 out err
  exit 1
}
# run STATUS [RT_X=VALUE] ARGUMENT...: ends with this exit status.
run() {
  want=$1 code=0 setting=
  shift
  case ${1:-} in RT_*) setting=$1; shift ;; esac
  n=$((n + 1))
  env ${setting:+"$setting"} "$demo" "$@" > out 2> err < /dev/null || code=$?
  [ "$code" = "$want" ] || bad "example_fashion $*: exit status $code, not $want"
}
says() { grep -q -- "$2" "$1" || bad "no \"$2\""; }
# The last line is the accuracy and nothing else, whatever came before.
accuracy() { tail -n 1 out | grep -qx 'accuracy [0-9][0-9]\.[0-9][0-9]%' || bad "the last line is \"$(tail -n 1 out)\""; }

# ---- two backends ----
run 0 --backends cpu_ref,toy --limit 200 --batch 64
accuracy
[ "$(tail -n 1 out)" = "accuracy 93.50%" ] || bad "187 of the first 200 images are guessed right, so 93.50%"
says out '^agreement: 0 of 200 labels differ between 2 backends, 0 from the recorded ones (0 tolerated)$'
says out '^cpu_ref .*/lib/trivet/backends-0/trivet_cpu_ref.so (beside libtrivet)$'
# On the host a batch of 64 runs in parts of 8 to 10 images; on a device with memory of its own as a whole.
says out 'the kernels of cpu_ref itself executed all 441 operations$'
says out 'the kernels of toy itself executed 48 of 96 operations (50 %): relu 28, add 12, matmul 4, max_pool 4$'
says out '^  conv .*  toy -> \(cpu_simd\|builtin\)  .*32  toy has no conv$'
says out '^  toy:0->host .*an op falls back to the host$'
says out 'guess .* WRONG'
[ ! -s err ] || bad "something on stderr"
! LC_ALL=C grep -q '[^ -~]' out || bad "not plain text although this is no terminal"

# ---- every plugin that is found, RT_BACKEND, a broken plugin in the search path ----
run 0 --limit 40
accuracy
says out '^toy .*(RT_BACKEND_PATH)$'
run 0 RT_BACKEND=toy,cpu_ref --limit 40
says out '^  conv .*  toy -> cpu_ref '
says out '^agreement: 0 of 40 labels differ between 1 backend, '
mkdir plugins
echo "no library" > plugins/trivet_broken.so
run 0 RT_BACKEND_PATH=$work/plugins --limit 40
says out '^left out: .*trivet_broken.so'
says out 'toy, the asynchronous example, did not run'

# ---- what goes wrong is a sentence ----
run 1 --images /nowhere/images.gz
says err 'fashion: /nowhere/images.gz: No such file or directory. .*apt install dataset-fashion-mnist'
run 1 --images "$labels"
says err 'has 1 dimensions, not 3'
head -c 1000 "$data/t10k-images-idx3-ubyte.gz" > short.gz
run 1 --images short.gz
says err 'short.gz: '
gzip -dc "$labels" > plain
run 0 --labels plain --limit 10 --backends cpu_ref
printf 'x' >> plain
run 1 --labels plain
says err 'does not end after 10000 items'
printf '\000\000\010\001\377\377\377\377' > huge
run 1 --labels huge
says err 'says it holds 4294967295 items'
run 1 --model "$labels" --limit 10
says err "fashion: cpu_ref: $labels"
run 1 --model /nowhere/model.onnx --limit 10
says err '/nowhere/model.onnx'
run 1 --backends nonsense --limit 10
says err 'backend nonsense: there is no file trivet_nonsense.so'
run 1 RT_BACKEND=nonsense --limit 10
says err 'backend nonsense: '
run 2 --limit none
run 2 --no-such-option
run 0 --help
says out '--backends'

# ---- one backend fails later: the others still answer ----
run 1 RT_TOY_FAIL_AT=30 --backends cpu_ref,toy --limit 200
says err '^fashion: toy: images '
accuracy

# ---- a label that differs is noticed: byte 128 of the file is the first label ----
{ head -c 128 "$source/models/fashion_cnn_labels.npy"; printf '\003'; tail -c +130 "$source/models/fashion_cnn_labels.npy"; } > wrong.npy
run 1 --recorded wrong.npy --backends cpu_ref --limit 40
says out '^agreement: 0 of 40 labels differ between 1 backend, 1 from the recorded ones'
says err 'labels differ that must not'
accuracy

# ---- a terminal: colours and half blocks, unless NO_COLOR ----
if command -v script > /dev/null; then
  escape=$(printf '\033')
  run_on_terminal() {
    env TERM=xterm-256color LC_ALL=C.UTF-8 "$1" script -qec "$demo --backends cpu_ref --limit 50 --batch 10" /dev/null > out 2> err < /dev/null
  }
  run_on_terminal NO_COLOR= || bad "on a terminal: exit status $?"
  says out "$escape\[38;5;"
  says out 'cpu_ref \[[#.]*\] 0 of 50 ' # always drawn once; how often after that depends on the time
  run_on_terminal NO_COLOR=1 || bad "NO_COLOR on a terminal: exit status $?"
  ! grep -q "$escape" out || bad "colours although NO_COLOR is set"
  n=$((n + 2))
fi
echo "$n runs of the demo behave"
