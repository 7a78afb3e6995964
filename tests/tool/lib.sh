# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# Shared by the scripts of this folder: runs the tool, checks what it said, and builds .npy and ONNX files byte by byte. Sourced, not run.
# Each failed check prints what was run and what came back; `finish` ends the script.
set -u
: "${here:?set it to the folder of this file before sourcing}"
build=${TRIVET_BUILD_DIR:?"the folder of the build"}
tool=$build/bin/trivet
if [ ! -x "$tool" ]; then
  echo "skipped: $tool is not built"
  exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset RT_BACKEND RT_BACKEND_PATH RT_LAYERS RT_FALLBACK RT_THREADS RT_MEMORY_LIMIT
n_checks=0 n_failed=0 code=0 last=

# run ARGUMENT...: the tool's output is in $work/out and $work/err, its exit code in $code. Signals and sanitizer reports always fail.
run() {
  last="trivet $*"
  "$tool" "$@" >out 2>err </dev/null
  code=$?
  n_checks=$((n_checks + 1))
  if [ "$code" -gt 2 ]; then bad "exit code $code"; fi
  if grep -q 'Sanitizer\|runtime error' err; then bad "a sanitizer reported"; fi
}

bad() {
  n_failed=$((n_failed + 1))
  echo "FAILED: $last: $1"
  echo "--- exit code $code, stdout:"
  head -n 20 out
  echo "--- stderr:"
  head -n 20 err
}

# The last run succeeded and said nothing on stderr.
ok() {
  n_checks=$((n_checks + 1))
  if [ "$code" -ne 0 ]; then bad "should have succeeded"; elif [ -s err ]; then bad "said something on stderr"; fi
}

# fails CODE PATTERN...: the last run failed with this code, one sentence, and every pattern (fixed strings) in it.
fails() {
  n_checks=$((n_checks + 1))
  if [ "$code" -ne "$1" ]; then bad "should have failed with exit code $1"; return; fi
  if ! head -n 1 err | grep -q '^trivet: ..*'; then bad "stderr does not begin with 'trivet: ' and a sentence"; return; fi
  shift
  for pattern in "$@"; do
    if ! grep -qF -- "$pattern" err; then bad "stderr lacks '$pattern'"; fi
  done
}

# says PATTERN...: stdout of the last run has these fixed strings.
says() {
  for pattern in "$@"; do
    n_checks=$((n_checks + 1))
    if ! grep -qF -- "$pattern" out; then bad "stdout lacks '$pattern'"; fi
  done
}

silent() {
  n_checks=$((n_checks + 1))
  if [ -s out ]; then bad "should have printed nothing on stdout"; fi
}

# stdout of the last run is one JSON value and nothing else.
json() {
  n_checks=$((n_checks + 1))
  if ! LC_ALL=C awk -f "$here/json.awk" out; then bad "stdout is not JSON"; fi
}

finish() {
  if [ "$n_failed" -ne 0 ]; then
    echo "$n_failed of $n_checks checks failed"
    exit 1
  fi
  echo "all $n_checks checks passed"
  exit 0
}

# ---- bytes, as hexadecimal text -------------------------------------------------------------------------------------------------------
hex_of() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
# write_hex FILE HEX...
write_hex() {
  hex_file=$1
  shift
  # shellcheck disable=SC2059 # the format is made of \ooo escapes on purpose: POSIX printf has no other way to write any byte
  printf "$(printf '%s' "$*" | tr -d ' ' | awk '{
    for (i = 1; i <= length($0); i += 2) printf "\\%03o", (index("0123456789abcdef", substr($0, i, 1)) - 1) * 16 + index("0123456789abcdef", substr($0, i + 1, 1)) - 1 }')" >"$hex_file"
}

# write_npy FILE DESCR SHAPE HEX...: format 1.0, such as write_npy x.npy '<f4' '(2, 3)' 0000803f ...
write_npy() {
  npy_file=$1 npy_head="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
  shift 3
  while [ $(((${#npy_head} + 11) % 64)) -ne 0 ]; do npy_head="$npy_head "; done
  write_hex "$npy_file" "934e554d50590100$(printf '%02x%02x' $(((${#npy_head} + 1) % 256)) $(((${#npy_head} + 1) / 256)))$(hex_of "$npy_head")0a" "$@"
}

# ---- protobuf: each function prints hexadecimal text ---------------------------------------------------------------------------------------
varint() {
  v=$1
  while [ "$v" -ge 128 ]; do
    printf '%02x' $((v % 128 + 128))
    v=$((v / 128))
  done
  printf '%02x' "$v"
}
field_int() { varint $(($1 * 8)); varint "$2"; }
field_hex() { varint $(($1 * 8 + 2)); varint $((${#2} / 2)); printf '%s' "$2"; }
field_text() { field_hex "$1" "$(hex_of "$2")"; }
# port FIELD NAME ELEMENT_TYPE DIM...: a ValueInfoProto; a dim is a number or a symbol
port() {
  port_field=$1 port_name=$2 port_type=$3 dims=
  shift 3
  for dim in "$@"; do
    case $dim in
      *[!0-9]*) dims=$dims$(field_hex 1 "$(field_text 2 "$dim")") ;;
      *) dims=$dims$(field_hex 1 "$(field_int 1 "$dim")") ;;
    esac
  done
  field_hex "$port_field" "$(field_text 1 "$port_name")$(field_hex 2 "$(field_hex 1 "$(field_int 1 "$port_type")$(field_hex 2 "$dims")")")"
}
# node OP NAME OUTPUT INPUT...
node() {
  node_text=
  node_op=$1 node_name=$2 node_output=$3
  shift 3
  for input in "$@"; do node_text=$node_text$(field_text 1 "$input"); done
  field_hex 1 "$node_text$(field_text 2 "$node_output")$(field_text 3 "$node_name")$(field_text 4 "$node_op")"
}
# weight_f32 NAME EXTENT HEX: a one-dimensional initializer
weight_f32() { field_hex 5 "$(field_int 1 "$2")$(field_int 2 1)$(field_text 8 "$1")$(field_hex 9 "$3")"; }
# write_model FILE GRAPH_HEX
write_model() { write_hex "$1" "$(field_int 1 8)$(field_text 2 byhand)$(field_hex 7 "$2$(field_text 2 tiny)")$(field_hex 8 "$(field_int 2 13)")"; }
