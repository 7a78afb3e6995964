#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The command line of the tool: help, exit codes, JSON, and a sentence instead of a signal for whatever is wrong outside of it.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
commands="info backends ops run inspect convert env"
plugin=$build/lib/trivet/backends-0/trivet_cpu_ref.so

# ---- help and usage ----
run --version; ok; says "trivet 0."
run --json --version; ok; json; says '"version": "0.'
run --help; ok; for name in $commands; do says "  $name "; done
run help; ok; says "Usage: trivet"
for name in $commands; do
  run help "$name"; ok; says "Usage: trivet $name"
  cp out first
  run "$name" --help; ok
  cmp -s out first || bad "help $name and $name --help differ"
  run "$name" --nonsense; fails 2; silent
  grep -qF "trivet $name --help" err || bad "does not point to its help"
done
run; fails 2 "command"; silent
run nonsense; fails 2 "nonsense"; silent
run help nonsense; fails 2 "nonsense"; silent
run --nonsense info; fails 2 "nonsense"; silent
run info extra; fails 2 "extra"
run env extra; fails 2 "extra"
run run; fails 2 "one model"
run inspect; fails 2 "one file"
run convert; fails 2 "two files"
run convert a.npy; fails 2 "two files"
run convert a.npy b.onnx; fails 2 "b.onnx" ".safetensors"
run convert a.npy .npy; fails 2 ".npy"
run convert a.npy b.npy --compress; fails 2 "--compress" "b.npy"
run convert a.npy b.npz --dtype i32; fails 2 "--dtype" "i32"
run convert a.npy b.npz --dtype nonsense; fails 2 "nonsense"
run run a.onnx --bench 0; fails 2 "--bench" "'0'"
run run a.onnx --bench 3x; fails 2 "3x"
run run a.onnx --bench 99999999999999999999; fails 2 "--bench"
run ops --rank 2; fails 2 "--backend"
run ops --backend builtin --rank 17; fails 2 "16"
run __probe; fails 2 "own use"
if [ -w /dev/full ]; then
  last="trivet ops >/dev/full"
  "$tool" ops >/dev/full 2>err </dev/null
  code=$?
  : >out
  fails 1 "standard output"
fi

# ---- what there is ----
run info; ok; says "version    0." "processor" "threads" "backends" "builtin" "Plugins are searched in" "$build/lib/trivet/backends-0"
run info --json; ok; json; says '"threads": ' '"search": ['
run backends; ok; says "cpu_ref" "builtin" "$plugin" "device" "host"
run backends --json; ok; json; says '"name": "cpu_ref"' '"refused": null' '"error": null'
cp out a
run --json backends; ok
cmp -s out a || bad "--json before and after the command differ"
run backends "$plugin"; ok; says "cpu_ref" "ok"
RT_BACKEND=cpu_ref run backends; ok; says "open"
run env; ok; says RT_BACKEND RT_BACKEND_PATH RT_LAYERS RT_FALLBACK RT_THREADS RT_MEMORY_LIMIT "unset"
RT_THREADS=3 run env; ok
grep -q '^RT_THREADS  *3  *environment' out || bad "does not show RT_THREADS=3 from the environment"
RT_THREADS=3 run info --json; ok; json; says '"threads": 3'
run env --json; ok; json; says '"name": "RT_BACKEND"'

# ---- operations: one row for each of the table ----
run ops; ok; says "add " "conv " "softmax " "concat " "meaning"
rows=$(grep -cE '^RT_(UNARY|PARAM|BINARY|TERNARY|REDUCE|ARG|OP|COMPOSITE) *\(' "${TRIVET_SOURCE_DIR:-$here/../..}/include/trivet/ops.def")
[ "$(wc -l <out)" -eq $((rows + 1)) ] || bad "lists $(wc -l <out) lines, the table has $rows operations"
run ops --json; ok; json
run ops add relu; ok; says "add " "relu "
[ "$(wc -l <out)" -eq 3 ] || bad "should list two operations and the heads"
run ops nonsense; fails 1 "nonsense"; silent
for name in builtin cpu_ref; do
  run ops --backend $name; ok; says "add " "$name runs" "conv "
  run ops --backend $name --json; ok; json; says '"pairs_run": '
  run ops --backend $name add maximum; ok
  says "maximum  all"
  grep -q '^ *50  *add  *all' out || bad "$name should add every number type"
done

# ---- a wrong environment is a sentence ----
for name in info ops env; do
  extra=
  [ $name = ops ] && extra="--backend builtin"
  # shellcheck disable=SC2086 # two words or none
  RT_BACKEND=nonsense run $name $extra; fails 1 "nonsense"
  # shellcheck disable=SC2086
  RT_THREADS=many run $name $extra; fails 1 "RT_THREADS" "many"
done
RT_BACKEND=nonsense run backends; fails 1 "nonsense"; says "cpu_ref"
RT_BACKEND=nonsense run backends --json; fails 1 "nonsense"; json
RT_BACKEND=../evil run info; fails 1 "../evil"
RT_LAYERS=nonsense run info; fails 1 "nonsense"
RT_FALLBACK=perhaps run info; fails 1 "perhaps"
RT_MEMORY_LIMIT=1X run info; fails 1 "RT_MEMORY_LIMIT"
RT_BACKEND=nonsense run env; says "RT_BACKEND"
run ops --backend nonsense; fails 1 "nonsense"; silent
run ops --backend cpu_ref,builtin; fails 1

# ---- plugin files that are none ----
mkdir plugins
head -c 2000 "$plugin" >plugins/trivet_cut.so
: >plugins/trivet_empty.so
echo "not a library" >plugins/trivet_text.so
mkdir plugins/trivet_folder.so
mkfifo plugins/trivet_fifo.so
{ head -c 18 "$plugin"; printf '\001\000'; tail -c +21 "$plugin"; } >plugins/trivet_machine.so
ln -s nowhere plugins/trivet_dangling.so
export RT_BACKEND_PATH="$work/plugins"
run backends; ok; says "refused" "$work/plugins/trivet_cut.so"
run backends --json; ok; json
for name in cut empty text fifo machine; do
  run backends "plugins/trivet_$name.so"; fails_quietly=$code
  [ "$fails_quietly" -eq 1 ] || bad "should have failed with exit code 1"
  says "refused"
  RT_BACKEND=$name run info; fails 1 "$name"
  RT_BACKEND=$name run backends; fails 1 "$name"
done

# ---- two files of one name: the first is used, the second is shown as hidden ----
mkdir one two
cp "$plugin" one/trivet_twice.so
cp "$plugin" two/trivet_twice.so
export RT_BACKEND_PATH="$work/one:$work/two"
run backends; ok
grep "two/trivet_twice.so" out | grep -q hidden || bad "the second file should be hidden"
unset RT_BACKEND_PATH
run backends nowhere.so; says "refused"
[ "$code" -eq 1 ] || bad "should have failed with exit code 1"
finish
