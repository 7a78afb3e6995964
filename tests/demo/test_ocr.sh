#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Text that is drawn here is read back, letter by letter, by two trained networks on two backends; and what is missing, malformed or wrong
# is a sentence and exit status 1 or 2. Needs the models that scripts/fetch-models.sh brings; the rest is tested without them.
set -eu
source=${TRIVET_SOURCE_DIR:?} build=${TRIVET_BUILD_DIR:?}
ocr=$build/bin/example_ocr
if [ ! -x "$ocr" ]; then
  echo "skipped: example_ocr is not built; it needs libpng-dev"
  exit 77
fi
unset RT_BACKEND RT_LAYERS RT_FALLBACK RT_THREADS RT_MEMORY_LIMIT
export RT_BACKEND_PATH="$build/examples"
models=${TRIVET_MODELS:-$source/build/models}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
n=0

bad() {
  echo "FAILED: $1"
  tail -n 20 out err
  exit 1
}
# run STATUS ARGUMENT...: ends with this exit status.
run() {
  want=$1 code=0
  shift
  n=$((n + 1))
  "$ocr" "$@" > out 2> err < /dev/null || code=$?
  [ "$code" = "$want" ] || bad "example_ocr $*: exit status $code, not $want"
}
says() { grep -qF -- "$2" "$1" || bad "no \"$2\""; }
# reads TEXT: the last run printed exactly this.
reads() { [ "$(cat out)" = "$(printf '%b' "$1")" ] || bad "read \"$(cat out)\", not \"$1\""; }

# ---- without the networks ----
run 0 --draw 'Trivet' page.png
[ ! -s err ] || bad "something on stderr"
run 0 --draw 'Trivet' again.png
cmp page.png again.png || bad "the same text gives two pictures"
run 1 --draw 'Trivét' page.png
says err "ocr: cannot draw the character"
run 1 --draw 'x' nowhere/page.png
says err "ocr: nowhere/page.png: "
run 2 --draw 'x' --size 7 page.png
run 2 --size many page.png
run 2
run 2 a.png b.png
run 2 --no-such-option a.png
run 0 --help
says out '--models'
run 1 nowhere.png
says err "ocr: nowhere.png: "
head -c 400 again.png > short.png
run 1 short.png
says err "ocr: short.png: "
echo "no picture" > text.png
run 1 text.png
says err "ocr: text.png: "
run 1 --models "$work" again.png
says err "scripts/fetch-models.sh brings the models"

if ! "$source/scripts/fetch-models.sh" --check "$models" > check 2>&1; then
  echo "skipped: $(cat check) ($n runs without them behave)"
  exit 77
fi
export TRIVET_MODELS="$models"

# ---- reading ----
text='Trivet 0.1 reads\nwhat C draws: 2026!'
run 0 --draw "$text" --size 20 page.png
mkdir dump
run 0 --dump dump page.png
reads "$text"
says err '2 lines in '
for run in find_00 read_00 read_01; do [ -s "dump/${run}_in.npy" ] && [ -s "dump/${run}_out.npy" ] || bad "dump: $(ls dump)"; done
if [ -e "$build/examples/trivet_toy.so" ]; then
  RT_BACKEND=toy run 0 page.png
  reads "$text"
else
  echo "note: no toy plugin in this build; reading with it is left out"
fi
run 0 --boxes page.png
sed 's/^ *[0-9]* %\( *[0-9]*\)\{4\}  //' out > words
[ "$(cat words)" = "$(printf '%b' "$text")" ] || bad "--boxes: not percent, left, top, width, height, text"
run 0 --draw 'Q7' --size 60 page.png
run 0 page.png
reads 'Q7'
run 0 --draw '  \n ' page.png # nothing there is no failure
run 0 page.png
reads ''
says err '0 lines in '

# ---- what goes wrong with the networks ----
mkdir wrong
cp "$models"/*det*.onnx wrong/ch_PP-OCRv4_rec_infer.onnx
cp "$models"/*det*.onnx wrong/
run 1 --models wrong again.png
says err 'does not say which characters it knows'
head -c 100000 "$models"/ch_PP-OCRv4_rec_infer.onnx > wrong/ch_PP-OCRv4_rec_infer.onnx
run 1 --models wrong again.png
says err 'ocr: wrong/ch_PP-OCRv4_rec_infer.onnx: '
cp "$models"/*rec*.onnx wrong/ch_PP-OCRv4_rec_infer.onnx
cp "$models"/*rec*.onnx wrong/ch_PP-OCRv4_det_infer.onnx
run 1 --models wrong again.png
says err 'ocr: find: '
run 1 --dump nowhere again.png
says err 'nowhere/find_00_in.npy'
RT_MEMORY_LIMIT=8M run 1 again.png
echo "$n runs of the example behave"
