# SPDX-License-Identifier: BSD-3-Clause
# Exit status 0 if the input is exactly one JSON value (RFC 8259), else 1 with the place. Works on bytes: run it with LC_ALL=C.
{ text = text $0 "\n" }
END {
  at = 1
  value(0)
  space()
  if (at <= length(text)) no("more after the value")
  exit failed
}
function no(why) {
  if (!failed) print "json: " why " at byte " at ": " substr(text, at, 30)
  failed = 1
}
function space() { while (at <= length(text) && index(" \t\r\n", substr(text, at, 1))) at++ }
function take(word) {
  if (substr(text, at, length(word)) != word) return 0
  at += length(word)
  return 1
}
function string(   rest) {
  rest = substr(text, at)
  if (!match(rest, /^"([^"\\\001-\037]|\\["\\\/bfnrt]|\\u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F])*"/)) { no("bad string"); return }
  at += RLENGTH
}
function value(depth) {
  if (failed) return
  if (depth > 50) { no("too deep"); return }
  space()
  if (take("{")) { list("}", 1, depth); return }
  if (take("[")) { list("]", 0, depth); return }
  if (substr(text, at, 1) == "\"") { string(); return }
  if (take("true") || take("false") || take("null")) return
  if (!match(substr(text, at, 40), /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/)) { no("bad value"); return }
  at += RLENGTH
}
function list(end, keys, depth) {
  space()
  if (take(end)) return
  while (!failed) {
    space()
    if (keys) {
      string()
      space()
      if (!failed && !take(":")) no("':' is missing")
    }
    value(depth + 1)
    space()
    if (take(end)) return
    if (!failed && !take(",")) no("',' is missing")
  }
}
