#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The generator notices a stale file of each kind and names it, writes it back byte for byte, and turns a new row into functions, an id and a
# line of documentation.
set -eu
opgen=$TRIVET_BUILD_DIR/bin/opgen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/docs"
cp -r "$TRIVET_SOURCE_DIR/include" "$work/"
cp "$TRIVET_SOURCE_DIR/docs/ops.md" "$work/docs/"
fail() { echo "FAILED: $1"; exit 1; }

"$opgen" --check "$work" || fail "fresh files are called stale"

for file in include/trivet/ops.h include/trivet/backend.h docs/ops.md; do
  original=$TRIVET_SOURCE_DIR/$file
  case $file in
    */backend.h) sed 's/^#define RTB_OP_ADD 50$/#define RTB_OP_ADD 51/' "$original" >"$work/$file";;
    *) sed '$d' "$original" >"$work/$file";;
  esac
  if message=$("$opgen" --check "$work" 2>&1); then fail "$file is stale and was not noticed"; fi
  case $message in *"$file is stale"*) ;; *) fail "$file is stale, but it said: $message";; esac
  "$opgen" "$work" >/dev/null
  cmp -s "$original" "$work/$file" || fail "$file was not written back as it was"
done

sed 's/^RT_UNARY( 2,  ABS,.*/&\
RT_UNARY( 999, CUBE, cube, NUMERIC, SAME, 1, 2, m_mul(x, m_mul(x, x)), "x three times")/' "$TRIVET_SOURCE_DIR/include/trivet/ops.def" >"$work/include/trivet/ops.def"
${CC:-cc} -std=c11 -I"$work/include" "$TRIVET_SOURCE_DIR/tools/opgen.c" -o "$work/opgen"
"$work/opgen" "$work" >/dev/null
grep -q 'rt_status rt_cube(const rt_tensor \*x, rt_tensor \*\*out);' "$work/include/trivet/ops.h" || fail "no rt_cube"
grep -q 'rt_status rt_cube_into(const rt_tensor \*x, rt_tensor \*out);' "$work/include/trivet/ops.h" || fail "no rt_cube_into"
grep -q '^#define RTB_OP_CUBE 999$' "$work/include/trivet/backend.h" || fail "no id"
grep -q '^| 999 | cube | NUMERIC | SAME | 1 | 2 | `m_mul(x, m_mul(x, x))` | x three times |$' "$work/docs/ops.md" || fail "no line of documentation"
printf '#include <trivet/rt.h>\n' | ${CC:-cc} -std=c11 -Wall -Werror -I"$work/include" -fsyntax-only -x c - || fail "the new header does not compile"

sed 's/^RT_UNARY( 2,  ABS,/RT_UNARY( 1,  ABS,/' "$TRIVET_SOURCE_DIR/include/trivet/ops.def" >"$work/include/trivet/ops.def"
${CC:-cc} -std=c11 -I"$work/include" "$TRIVET_SOURCE_DIR/tools/opgen.c" -o "$work/opgen"
if "$work/opgen" "$work" >/dev/null 2>&1; then fail "two rows with one id were accepted"; fi
echo "all held"
