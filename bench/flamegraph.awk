# SPDX-License-Identifier: BSD-3-Clause
# Draws a flame graph, an SVG, of what `perf script` or callgrind's stacks print. Width is samples; hover a box for its numbers.
#   perf script -i perf.data | awk -f bench/flamegraph.awk [-v only=REGEX] [-v title=TEXT] >flame.svg
# only: the stacks that contain such a function, drawn from there upwards. Also reads folded stacks: "main;rt_add;kernel 42" per line.

function escaped(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); return text }

# names[1] is the innermost function
function add_stack(names, n, weight,   i, start, path) {
  start = n
  if (only != "") {
    for (start = n; start > 0 && names[start] !~ only; start--) {}
    if (start == 0) return
  }
  path = ""
  total += weight
  for (i = start; i >= 1; i--) {
    path = path ";" names[i]
    if (!(path in count)) order[++n_paths] = path
    count[path] += weight
    if (start - i + 1 > depth) depth = start - i + 1
  }
}

# A sample of perf: a line that ends with "event:", one line per function, an empty line.
/^[^ \t].*:[ \t]*$/ { n = 0; inside = 1; next }
inside && NF == 0 { add_stack(frames, n, 1); inside = 0; next }
inside { name = $0; sub(/^[ \t]*[0-9a-f]+ /, "", name); sub(/ \([^()]*\)$/, "", name); sub(/\+0x[0-9a-f]+$/, "", name); frames[++n] = name; next }
# Folded stacks.
NF >= 2 && $NF ~ /^[0-9]+$/ {
  weight = $NF
  sub(/ [0-9]+$/, "")
  n = split($0, outermost_first, ";")
  for (i = 1; i <= n; i++) frames[i] = outermost_first[n + 1 - i]
  add_stack(frames, n, weight)
}

END {
  if (inside) add_stack(frames, n, 1)
  if (total == 0) { print "flamegraph: no stacks" (only != "" ? " with a function like " only : "") | "cat >&2"; exit 1 }
  width = 1200; row = 18
  height = (depth + 2) * row
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n", width, height
  printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><text x=\"6\" y=\"13\">%s</text>\n", escaped((title != "" ? title ", " : "") total " samples")
  # A box begins where its parent's boxes so far end; parents come before their children in `order`.
  for (k = 1; k <= n_paths; k++) {
    path = order[k]
    level = gsub(/;/, ";", path)
    parent = path
    sub(/;[^;]*$/, "", parent)
    name = substr(path, length(parent) + 2)
    x[path] = (parent == "" ? 0 : x[parent]) + used[parent]
    w = count[path] / total * width
    used[parent] += w
    if (w < 0.3) continue
    hue = 0
    for (i = 1; i <= length(name); i++) hue = (hue * 31 + index("abcdefghijklmnopqrstuvwxyz_0123456789", tolower(substr(name, i, 1)))) % 50
    printf "<g><title>%s: %d samples, %.1f %%</title><rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"hsl(%d,80%%,65%%)\" stroke=\"#fff\" stroke-width=\"0.5\"/>", escaped(name), count[path], 100 * count[path] / total, x[path], height - (level + 1) * row, w, row - 1, hue
    if (w > 30) printf "<text x=\"%.2f\" y=\"%d\">%s</text>", x[path] + 3, height - (level + 1) * row + 13, escaped(substr(name, 1, int(w / 6.5)))
    print "</g>"
  }
  print "</svg>"
}
