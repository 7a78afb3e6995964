#!/usr/bin/env python3
"""What the inner loops of a kernel cost by the machine's model: disassembles an object file, takes the longest loop of each named function, and asks
llvm-mca for the cycles that its instructions need when nothing waits for anything but a unit. Needs objdump and llvm-mca.
  scripts/limits.py OBJECT FUNCTION[:VECTORS] ...     VECTORS: how many one turn of the loop computes (1)"""
import re
import subprocess
import sys

MCA, MODEL = "llvm-mca-14", "znver3"


def body(path, name):
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    found = re.search(r"^[0-9a-f]+ <" + re.escape(name) + r"(?:\.[^>]*)?>:\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)
    if not found:
        sys.exit(f"{path}: no function {name}")
    lines = re.findall(r"^ *([0-9a-f]+):\t([^#<\n]*)", found.group(1), re.M)
    return [(int(at, 16), code.strip()) for at, code in lines]


def longest_loop(lines):
    """From the target of a jump backwards to that jump, the one with the most vector instructions."""
    best, most = [], 0
    for at, code in lines:
        jump = re.match(r"j\w+ +([0-9a-f]+)$", code)
        if not jump or int(jump.group(1), 16) > at:
            continue
        loop = [c for a, c in lines if int(jump.group(1), 16) <= a <= at]
        vectors = sum("ymm" in c for c in loop)
        if vectors > most:
            best, most = loop, vectors
    return best


def plain(code):  # the assembler wants a label to jump to and no address of its own
    if re.match(r"j\w+ ", code):
        return code.split()[0] + " 1f"
    return code


for word in sys.argv[2:]:
    name, _, count = word.partition(":")
    count = int(count or 1)
    loop = longest_loop(body(sys.argv[1], name))
    source = "\n".join(plain(c) for c in loop if not c.startswith(("ret", "vzeroupper", "nop", "cs nop", "data16"))) + "\n1:\n"
    out = subprocess.run([MCA, "-mcpu=" + MODEL, "-iterations=200"], input=source, capture_output=True, text=True)
    bound = re.search(r"Block RThroughput: *([0-9.]+)", out.stdout)
    cycles = re.search(r"Total Cycles: *(\d+)", out.stdout)
    if not bound:
        sys.exit(name + ": " + out.stderr)
    fused = sum(c.startswith(("vfm", "vfnm", "vmulps")) for c in loop)
    vector = sum("ymm" in c and not c.startswith(("vmov", "vbroadcast")) for c in loop)
    print(f"{name:20} instructions {len(loop) / count:6.1f}  vector {vector / count:5.1f}  fma and mul {fused / count:5.1f}  "
          f"bound {float(bound.group(1)) / count:6.2f}  in turn {int(cycles.group(1)) / 200 / count:6.2f}")
