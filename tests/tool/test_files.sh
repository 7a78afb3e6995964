#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# trivet run and trivet inspect on files made here byte by byte: right answers, and a sentence for every kind of broken file.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"

# y = relu(x + w), x f32 [batch,3], w = -1 0 1
nodes=$(node Add first sum x w)$(node Relu second y sum)
ports=$(port 11 x 1 batch 3)$(port 12 y 1 batch 3)
w=$(weight_f32 w 3 000080bf000000000000803f)
write_model good.onnx "$nodes$w$ports"
write_npy x.npy '<f4' '(2, 3)' 0000803f 00000040 00004040 000080bf 000000c0 000040c0 # 1 2 3 -1 -2 -3
expected=000000000000004000008040000000000000000000000000                            # 0 2 4 0 0 0

# ---- run ----
run run good.onnx --input x.npy; ok; says "y " "f32" "[2,3]" "min 0, mean 1, max 4; first 0 2 4 0 0 0"
run run good.onnx -i x=x.npy -o y.npy; ok
[ "$(tail -c 24 y.npy | od -An -v -tx1 | tr -d ' \n')" = $expected ] || bad "the output file holds other values"
run run --json good.onnx --input x.npy --bench 3 --report; ok; json
says '"name": "y"' '"max": 4' '"runs": 3' '"items": 2' '"median_ms"' '"op": "relu"' '"kind": "ran"'
run run good.onnx --input x.npy --bench 2 --report; ok; says "2 runs of 2 items: median" "items/s" "In one run" "relu" "add"
run run good.onnx --input x.npy --profile 2; ok
says "Slowest operations: 2 runs" "Add " "Relu " "Slowest nodes" "first " "second " "f32 [2,3]" " %"
run run good.onnx --input x.npy --profile 2 --bench 1 --json; ok; json
says '"profile": {' '"runs": 2' '"op": "Relu"' '"domain": "ai.onnx"' '"calls": 1' '"name": "second"' '"shape": "[2,3]"' '"percent"'
run run good.onnx --input x.npy --device host; ok; says "first 0 2 4 0 0 0"
run run good.onnx --input x.npy --backend cpu_ref --report; ok; says "cpu_ref"
if [ -f "$build/examples/trivet_toy.so" ]; then
  export RT_BACKEND_PATH="$build/examples"
  for where in "--device toy" "--device toy:0" "--backend toy"; do
    # shellcheck disable=SC2086 # two words
    run run good.onnx --input x.npy $where --profile 1 --report; ok; says "first 0 2 4 0 0 0" "toy"
  done
  run run good.onnx --input x.npy --device toy:9; fails 1 "toy:9"
  RT_TOY_FAIL_AT=1 run run good.onnx --input x.npy --device toy; fails 1; silent
  RT_BACKEND=toy run env; ok; says RT_TOY_FAIL_AT RT_TOY_BATCH
  RT_BACKEND=toy RT_TOY_BATCH=7 run env --json; ok; json; says '"value": "7"'
  RT_BACKEND=toy RT_TOY_BATCH=many run env; fails 1 "many"; says RT_BACKEND
  RT_BACKEND=toy run backends; ok; says "toy:0" "asynchronous"
  run ops --backend toy --rank 9 add; ok
  unset RT_BACKEND_PATH
else
  echo "note: no toy plugin in this build; its checks are left out"
fi

# ---- run: wrong requests ----
write_npy wrong.npy '<f4' '(2, 4)' 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
write_npy rank.npy '<f4' '(3,)' 00000000 00000000 00000000
write_npy ints.npy '<i4' '(2, 3)' 00000000 00000000 00000000 00000000 00000000 00000000
run run good.onnx; fails 1 "'x'" "f32 [batch,3]"; silent
run run good.onnx --input wrong.npy; fails 1 "4"; silent
run run good.onnx --input rank.npy; fails 1; silent
run run good.onnx --input ints.npy; fails 1 "i32"; silent
run run good.onnx --input nowhere.npy; fails 1 "nowhere.npy"; silent
run run good.onnx --input x.npy --input x.npy; fails 1 "one too many"; silent
run run good.onnx --input z=x.npy; fails 1 "no input named 'z'; its inputs are 'x'"; silent
run run good.onnx --input x.npy --input z=x.npy; fails 1 "no input named 'z'; its inputs are 'x'"; silent
run run good.onnx --input x=x.npy --input x=x.npy; fails 1 "input 'x' is given twice"; silent
run run good.onnx --input x.npy --output nowhere/y.npy; fails 1 "nowhere/y.npy"; silent
rm y.npy
run run good.onnx --input x.npy --output y.npy --output z=y.npy; fails 1 "no output named 'z'; its outputs are 'y'"; silent
[ ! -e y.npy ] || bad "ran the model although a name was wrong"
run run good.onnx --input x.npy --device nonsense; fails 1 "nonsense"; silent
run run good.onnx --input x.npy --backend nonsense; fails 1 "nonsense"; silent
RT_BACKEND=nonsense run run good.onnx --input x.npy; fails 1 "nonsense"; silent
RT_MEMORY_LIMIT=64 run run good.onnx --input x.npy; fails 1; silent
for n in 0 -1 many 10000001; do run run good.onnx --input x.npy --profile $n; fails 2 "--profile takes a number from 1 to 10000000, not '$n'"; done
run run nowhere.onnx --input x.npy; fails 1 "nowhere.onnx"; silent
run run good.onnx other.onnx --input x.npy; fails 2 "one model"

# ---- inspect ----
run inspect good.onnx; ok; says "byhand" "opset 13" "2 nodes, 1 weights of 12 B" "[batch,3]" "Relu" "Add"
run inspect --nodes good.onnx; ok; says "first" "second"
run inspect good.onnx --json; ok; json; says '"format": "onnx"' '"batch"' '"op": "Relu"' '"weight_bytes": 12'
{ cat good.onnx; write_hex part "$(field_hex 14 "$(field_text 1 alphabet)$(field_text 2 abc)")$(field_hex 14 "$(field_text 1 licence)$(field_text 2 MIT)")"; cat part; } >texts.onnx
run inspect texts.onnx; ok; says "texts: alphabet (3 B), licence (3 B)"
run inspect texts.onnx --json; ok; json; says '"alphabet": "abc"' '"licence": "MIT"'
run inspect x.npy; ok; says "npy, f32 [2,3], 24 B" "first 1 2 3 -1 -2 -3"
run inspect x.npy --json; ok; json; says '"dtype": "f32"' '"mean": 0'
write_npy odd.npy '<f4' '(3,)' 0000c07f 0000807f 0000803f # NaN, infinity, 1
run inspect odd.npy; ok; says "1 NaN, 1 infinite"
run inspect odd.npy --json; ok; json; says '"nan": 1' 'null'
write_npy none.npy '<f8' '(0, 5)'
run inspect none.npy; ok; says "[0,5]" "no elements"
write_npy scalar.npy '<i8' '()' ffffffffffffffff
run inspect scalar.npy; ok; says "i64 []" "first -1"
write_npy complex.npy '<c8' '(3,)' 0000404000008040 000080bf00000000 0000c07f00000000 # 3+4i, -1, NaN
run inspect complex.npy; ok; says "npy, c64 [3], 24 B" "modulus 1 to 5, mean 1+2i, 1 NaN" "first 3+4i -1+0i"
run inspect complex.npy --json; ok; json; says '"dtype": "c64"' '"modulus_max": 5'

# ---- names that would break JSON, drive a terminal, or are no text ----
write_model quoted.onnx "$(node Relu 'a"b\c' y x)$(port 11 x 1 3)$(port 12 y 1 3)"
run inspect quoted.onnx --json; ok; json; says 'a\"b\\c'
write_model escape.onnx "$(node Relu "$(printf 'a\033[31m')" y x)$(port 11 x 1 3)$(port 12 y 1 3)"
write_model latin.onnx "$(field_hex 1 "$(field_text 1 x)$(field_text 2 y)$(field_hex 3 e4f6)$(field_text 4 Relu)")$(port 11 x 1 3)$(port 12 y 1 3)"
for file in escape latin; do
  run inspect $file.onnx; fails 1 "$file.onnx"; silent
done
RT_LAYERS=$(printf 'a\033[31m\344') run env; fails 1
cat err >>out
if grep -q "$(printf '\033')" out; then bad "prints an escape character of the environment"; fi
RT_LAYERS=$(printf 'a\033[31m\344') run env --json; fails 1; json; says 'a\u001b[31m\ufffd'

# ---- broken files: each with run and with inspect ----
: >empty.onnx
echo "this is text" >text.onnx
head -c 40 good.onnx >cut.onnx
head -c $(($(wc -c <good.onnx) - 1)) good.onnx >last.onnx
write_hex long.onnx 0808 3affffffff7f 00
write_hex deep.onnx 3a80808080808080808001
write_model op.onnx "$(node Nonsense broken y x)$(port 11 x 1 3)$(port 12 y 1 3)"
write_model dangling.onnx "$(node Relu broken y nowhere)$(port 11 x 1 3)$(port 12 y 1 3)"
write_model short.onnx "$nodes$(weight_f32 w 3 000080bf)$ports"
write_model huge.onnx "$nodes$(weight_f32 w 1152921504606846976 000080bf)$ports"
cp x.npy npy.onnx
mkdir folder.onnx
mkfifo fifo.onnx
for file in empty text cut last long deep op dangling short huge npy folder; do
  run run $file.onnx --input x.npy; fails 1 "$file.onnx"; silent
  [ $file = npy ] && continue
  run inspect $file.onnx; fails 1 "$file.onnx"; silent
done
run inspect fifo.onnx; fails 1 "fifo.onnx"
run run text.onnx --input x.npy; fails 1 "text.onnx: not an ONNX model"
run run npy.onnx --input x.npy; fails 1 "npy.onnx: not an ONNX model but a npy file"
run inspect text.onnx; fails 1 "neither a .npy, .npz, safetensors or GGUF file nor an ONNX model"
run inspect op.onnx; fails 1 "Nonsense" "broken" "13"

head -c 60 x.npy >cut.npy
head -c $(($(wc -c <x.npy) - 4)) x.npy >data.npy
write_npy object.npy '|O' '(2,)' 0000000000000000 0000000000000000
write_npy clong.npy '<c32' '(1,)' 0000000000000000 0000000000000000 0000000000000000 0000000000000000
write_npy negative.npy '<f4' '(-1,)' 00000000
write_npy overflow.npy '<f4' '(4611686018427387904, 4611686018427387904)' 00000000
: >empty.npy
for file in cut data object clong negative overflow empty; do
  run run good.onnx --input $file.npy; fails 1 "$file.npy"; silent
  run inspect $file.npy; fails 1 "$file.npy"; silent
done

# ---- archives: one safetensors file by hand, then through every format ----
header='{"__metadata__":{"by":"hand","esc":"a\u001bb"},"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}'
write_hex a.safetensors "$(printf '%02x' ${#header})00000000000000$(hex_of "$header")" 803f0040 0000c03f000020c0
run inspect a.safetensors; ok; says "safetensors, 2 tensors, 12 B" "BF16" "bf16" "[1,2]" "by" "hand"
if grep -q "$(printf '\033')" out; then bad "prints an escape character of a file"; fi
run inspect a.safetensors --json; ok; json; says '"format": "safetensors"' '"stored": "BF16"' '"key": "by"' '"value": "hand"' 'a\u001bb'
run convert a.safetensors w.npy -t w; ok; says "w.npy: npy, 1 tensor of 8 B; 2 metadata left out"
run inspect w.npy; ok; says "npy, f32 [1,2]" "first 1.5 -2.5"
run convert a.safetensors a.npz --json --dtype f32; ok; json; says '"format": "npz"' '"tensors": 2' '"bytes": 16' '"metadata_left_out": 2'
run inspect a.npz; ok; says "npz, 2 tensors" "<f4"
run convert a.npz b.safetensors; ok; says "b.safetensors: safetensors, 2 tensors of 16 B"
run convert a.safetensors c.safetensors; ok; says "2 metadata"
run inspect c.safetensors; ok; says "by" "hand"
run convert w.npy one.npz; ok
run inspect one.npz; ok; says "arr_0"
run convert a.npz a.npz; ok # in place: the file is replaced when all is written
run inspect a.npz; ok; says "npz, 2 tensors"
run convert a.safetensors x.npz; fails 1 "tensor 'b'" "bf16"; silent
[ ! -e x.npz ] || bad "left a file behind"
run convert a.safetensors x.npy; fails 1 "one tensor, not 2"; silent
run convert a.safetensors x.npz -t z; fails 1 "a.safetensors" "'z'"; silent
run convert a.npz x.npz -t w -t w; fails 1 "'w' is given twice"; silent
run convert a.npz nowhere/x.npz; fails 1 "nowhere/x.npz"; silent
run convert nowhere.npz x.npz; fails 1 "nowhere.npz"; silent
run convert good.onnx x.npz; fails 1 "good.onnx" "first bytes"; silent
run convert folder.onnx x.npz; fails 1 "not a regular file"; silent
for file in a.safetensors a.npz; do
  head -c $(($(wc -c <$file) - 1)) $file >cut.any
  run inspect cut.any; fails 1 "cut.any"; silent
  run convert cut.any x.npz; fails 1 "cut.any"; silent
done
# GGUF: version 3, no tensors, one string of metadata
write_hex a.gguf 47475546 03000000 0000000000000000 0100000000000000 0400000000000000 "$(hex_of name)" 08000000 0300000000000000 "$(hex_of abc)"
run inspect a.gguf; ok; says "gguf, 0 tensors" "name" "abc"
run convert a.gguf g.safetensors; ok; says "0 tensors" "1 metadata"
run inspect g.safetensors --json; ok; json; says '"value": "abc"'
run convert a.npz x.gguf; fails 2 "x.gguf"; silent
finish
