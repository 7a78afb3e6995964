#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Times PyTorch and NumPy beside Trivet: the cases of cases.def, in one process, from the same Python, on the same operands, with the same
number of threads; samples are taken in turns, and medians are compared. Trivet is called through peers/thin.c, whose own cost is measured.

A, the default: PyTorch as it comes. B, --strong: with everything that makes it faster set in its environment (see strong_environment)."""
import argparse, gc, itertools, json, math, os, platform, re, resource, sys, time, warnings

HERE = os.path.dirname(os.path.abspath(__file__))
EQUAL = 1.10  # ratios below this, either way, count as equal
SETTLE = 0.008  # seconds after which OpenMP's workers have stopped to spin (300,000 turns, 20 ns each)
WARM_NS = 20e6  # of calls before a sample, with threads: a virtual processor that slept runs slowly at first


# ---- what is called: Trivet (t), PyTorch and NumPy; operands a b c, a given output o; None: that library has no such call ----------------
def elementwise(ours, theirs, args="a", numpy=None, given=True):
    torch_given = f"torch.{theirs}({args}, out=o)" if given is True else given
    return (f"t.{ours}({args})", f"t.{ours}({args}, o)", f"torch.{theirs}({args})", torch_given,
            numpy and f"np.{numpy}({args})", numpy and f"np.{numpy}({args}, out=o)")


def with_scalar(op, number):
    theirs = {"add": "add", "sub": "sub", "mul": "mul", "div": "div"}[op]
    numpy = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}[op]
    return (f"t.{op}_scalar({number}, a)", f"t.{op}_scalar({number}, a, o)",
            f"torch.{theirs}(a, {number})", f"torch.{theirs}(a, {number}, out=o)",
            f"np.{numpy}(a, np.float32({number}))", f"np.{numpy}(a, np.float32({number}), out=o)")


def reduction(ours, theirs, axis=None, numpy=None):
    more = "" if axis is None else f", {axis}"
    return (f"t.{ours}(a{more})", None, f"torch.{theirs}(a{more})", None, f"np.{numpy or theirs}(a{more})", None)


def function(name, args="a"):  # of torch.nn.functional, whose outputs can be given through its C names
    return (f"t.{name}({args})", f"t.{name}({args}, o)", f"F.{name}({args})", f"torch._C._nn.{name}({args}, out=o)", None, None)


def conv(stride, pad, groups="1"):
    return (f"t.conv({stride}, {pad}, {groups}, a, b, c)", f"t.conv({stride}, {pad}, {groups}, a, b, c, o)",
            f"F.conv2d(a, b, c, {stride}, {pad}, 1, {groups})", None, None, None)


ADD, MATMUL = elementwise("add", "add", "a, b", "add"), elementwise("matmul", "matmul", "a, b", "matmul")
COPY = ("t.copy(a)", "t.copy(a, o)", "a.clone()", "o.copy_(a)", "a.copy()", "np.copyto(o, a)")
CALLS = {
    "zeros": ("t.zeros(shape)", None, "torch.zeros(shape)", None, "np.zeros(shape, np.float32)", None),
    "ones": ("t.ones(shape)", None, "torch.ones(shape)", None, "np.ones(shape, np.float32)", None),
    "full": ("t.full(shape)", "t.fill(o)", "torch.full(shape, 2.5)", "o.fill_(2.5)", "np.full(shape, 2.5, np.float32)", "o.fill(2.5)"),
    "from_host": ("t.from_host(host)", "t.from_host(host, o)", "torch.tensor(host)", "o.copy_(torch.from_numpy(host))", "np.array(host)", "np.copyto(o, host)"),
    "add": ADD, "sub": elementwise("sub", "sub", "a, b", "subtract"), "mul": elementwise("mul", "mul", "a, b", "multiply"),
    "div": elementwise("div", "div", "a, b", "divide"),
    "add_scalar": with_scalar("add", 2.5), "sub_scalar": with_scalar("sub", 2.5), "mul_scalar": with_scalar("mul", -1.0), "div_scalar": with_scalar("div", 2.5),
    "sum": reduction("sum", "sum"), "mean": reduction("mean", "mean"), "max": reduction("max", "max"), "min": reduction("min", "min"),
    "sum_dim0": reduction("sum", "sum", 0), "sum_dim1": reduction("sum", "sum", 1), "mean_dim0": reduction("mean", "mean", 0),
    "mean_dim1": reduction("mean", "mean", 1), "max_dim0": reduction("max", "amax", 0), "max_dim1": reduction("max", "amax", 1),
    "min_dim0": reduction("min", "amin", 0), "min_dim1": reduction("min", "amin", 1),
    "relu": ("t.relu(a)", "t.relu(a, o)", "torch.relu(a)", "torch.clamp_min(a, 0, out=o)", "np.maximum(a, np.float32(0))", "np.maximum(a, np.float32(0), out=o)"),
    "leaky_relu": function("leaky_relu"), "sigmoid": elementwise("sigmoid", "sigmoid"), "tanh": elementwise("tanh", "tanh", numpy="tanh"),
    "gelu": function("gelu"), "silu": function("silu"),
    "gelu_tanh": ("t.gelu_tanh(a)", "t.gelu_tanh(a, o)", "F.gelu(a, approximate='tanh')", "torch._C._nn.gelu(a, approximate='tanh', out=o)", None, None),
    "exp": elementwise("exp", "exp", numpy="exp"), "log": elementwise("log", "log", numpy="log"),
    "softmax": ("t.softmax(a)", "t.softmax(a, o)", "torch.softmax(a, -1)", "torch.softmax(a, -1, out=o)", None, None),
    "layer_norm": ("t.layer_norm(a, b, c)", "t.layer_norm(a, b, c, o)", "torch.layer_norm(a, b.shape, b, c, 1e-5)", None, None, None),
    "copy": COPY, "copy_transposed": ("t.copy(a)", "t.copy(a, o)", "a.contiguous()", "o.copy_(a)", "np.ascontiguousarray(a)", "np.copyto(o, a)"),
    "copy_strided": ("t.copy(a)", "t.copy(a, o)", "a.contiguous()", "o.copy_(a)", "np.ascontiguousarray(a)", "np.copyto(o, a)"),
    "add_row": ADD, "add_col": ADD, "add_transposed": ADD, "add_strided": ADD,
    "cast_f64": ("t.cast_f64(a)", "t.cast_f64(a, o)", "a.to(torch.float64)", "o.copy_(a)", "a.astype(np.float64)", "np.copyto(o, a)"),
    "cast_f16": ("t.cast_f16(a)", "t.cast_f16(a, o)", "a.to(torch.float16)", "o.copy_(a)", "a.astype(np.float16)", "np.copyto(o, a, 'unsafe')"),
    "cast_bf16": ("t.cast_bf16(a)", "t.cast_bf16(a, o)", "a.to(torch.bfloat16)", "o.copy_(a)", None, None),
    "cast_i32": ("t.cast_i32(a)", "t.cast_i32(a, o)", "a.to(torch.int32)", "o.copy_(a)", "a.astype(np.int32)", "np.copyto(o, a, 'unsafe')"),
    "matmul": MATMUL, "matmul_nt": MATMUL, "matmul_tn": MATMUL, "matmul_skinny": MATMUL, "matmul_batched": MATMUL, "matvec": MATMUL,
    "vecmat": ("t.matmul(a, b)", "t.matmul(a, b, o)", "torch.matmul(a, b)", "torch.mv(b.t(), a, out=o)", "np.matmul(a, b)", "np.matmul(a, b, out=o)"),
    "conv_3x3": conv(1, 1), "conv_1x1": conv(1, 0), "conv_depthwise": conv(1, 1, "groups"), "conv_7x7s2": conv(2, 3),
    "chain_gelu": ("t.gelu(t.add(t.mul(a, b), c))", None, "F.gelu(torch.add(torch.mul(a, b), c))", None, None, None),
    "chain_bias_relu": ("t.relu(t.add(a, b))", None, "torch.relu(torch.add(a, b))", None, "np.maximum(np.add(a, b), np.float32(0))", None),
    "chain_axpby": ("t.add(t.mul_scalar(2.5, a), t.mul_scalar(0.5, b))", None, "torch.add(torch.mul(a, 2.5), torch.mul(b, 0.5))", None,
                    "np.add(np.multiply(a, np.float32(2.5)), np.multiply(b, np.float32(0.5)))", None),
}
IN_PLACE = {"add": "a.add_(b)", "mul": "a.mul_(b)", "mul_scalar": "a.mul_(-1.0)", "relu": "a.relu_()", "sigmoid": "a.sigmoid_()", "tanh": "a.tanh_()"}

# ---- what issue 4 wants: PyTorch's time over ours ----------------------------------------------------------------------------------------
THREE = ("100x100", "500x500", "1000x1000")
GROUPS = {"elementwise": ("add", "sub", "mul", "div", "add_scalar", "mul_scalar"), "activations": ("relu", "sigmoid", "tanh", "gelu", "softmax"),
          "reductions": ("sum", "sum_dim0", "sum_dim1", "max", "max_dim0", "max_dim1"), "creation": ("zeros", "ones", "from_host")}
GOALS_A = {"elementwise": 1.5, "activations": 3.0, "reductions": 2.5, "creation": 2.0, "all": 2.2}  # geometric means over THREE, new outputs, 1 thread
GOALS_A_LARGE = {"add": 6.0, "mul": 6.0, "relu": 6.0}  # at 4000x4000
GOALS_B = {"tanh": 5.0, "exp": 2.5, "sigmoid": 2.0, "gelu": 2.0, "softmax": 2.0, "log": 1.5, "max": 3.0, "min": 3.0, "max_dim0": 1.5, "max_dim1": 1.5,
           "min_dim0": 1.5, "min_dim1": 1.5, "sum": (1.15, 1.25), "layer_norm": 2.5, "copy_transposed": (4.0, 7.0), "add_transposed": 2.0,
           **dict.fromkeys(("add", "sub", "mul", "div", "add_scalar", "mul_scalar", "relu", "copy", "add_row", "add_col"), 1 / EQUAL)}  # (1 thread, 2 threads)


# ---- cases.def ---------------------------------------------------------------------------------------------------------------------------
class Case:
    def __init__(self, row, family, operands, extents, flavour):
        self.row, self.family, self.operands, self.extents, self.flavour = row, family, operands, extents, flavour
        self.size = "x".join(map(str, extents))
        self.name = f"{row}/f32/{self.size}/{flavour}"
        self.times = {}  # by library: (median, lower quartile, upper quartile, page faults per call), in ns

    def ratio(self, peer="PyTorch"):
        return self.times[peer][0] / self.times["Trivet"][0] if peer in self.times else None


def read_cases(path, wanted):
    text = open(path).read()
    sizes = {name: [tuple(map(int, extents.split(","))) for extents in re.findall(r"\{\d+, \{([\d, ]+)\}\}", body)]
             for name, body in re.findall(r"^SIZES\((\w+),(.*?)\)$", text, re.M | re.S)}
    cases, family = [], None
    for line in text.splitlines():
        if m := re.match(r'FAMILY\((\w+), "(.*)"\)', line):
            family = m[2]
        m = re.match(r'CASE\((\w+),\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",\s*([\w|]+),\s*(\w+),\s*([\w|]+),', line)
        if not m or m[1] not in CALLS or "F32" not in m[5].split("|"):
            continue
        for extents, flavour in itertools.product(sizes[m[6]], m[7].split("|")):
            if flavour == "GIVEN" and not (CALLS[m[1]][3] or CALLS[m[1]][5]):
                continue  # nobody to compare with
            case = Case(m[1], family, m.group(2, 3, 4), extents, {"NEW": "new", "GIVEN": "given", "PLACE": "in_place"}[flavour])
            if not wanted or any(w in case.name for w in wanted):
                cases.append(case)
    return cases


def make_operand(lib, spec, case, cache):
    """As the head of cases.def says: [values] shape [.view]. Gives Trivet's tensor; the others see the same memory."""
    values, shape, view = re.fullmatch(r"([+/~h]?)([*A-EZ\d]+)\.?([TS]?)", spec).groups()
    if case.flavour == "in_place" and values == "/":
        values = "~"
    letter = lambda s: case.extents[-1] if s == "Z" else int(s) if s.isdigit() else case.extents["ABCDE".index(s)]
    extents = list(case.extents) if shape == "*" else [letter(s) for s in shape]
    key = (values, tuple(extents), view)
    if key not in cache:
        if view == "T":
            extents[-2:] = extents[:-3:-1]
        elif view == "S":
            extents[-1] *= 2
        np, rng = lib["np"], lib["np"].random.default_rng(len(cache))
        x = rng.uniform(*{"": (-2, 2), "h": (-2, 2), "+": (0.1, 2)}.get(values, (0.5, 2)), extents).astype(np.float32)
        x *= rng.choice(np.float32([-1, 1]), extents) if values in ("/", "~") else np.float32(1)
        x = np.sign(x) if values == "~" else x
        t = x if values == "h" else lib["t"].from_host(x)
        cache[key] = lib["t"].transpose(t) if view == "T" else lib["t"].step(t) if view == "S" else t
    return cache[key]


# ---- measuring ---------------------------------------------------------------------------------------------------------------------------
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def compile_loop(statement, names):
    """A function that runs the statement n times. Names are its locals, as cheap as Python has them."""
    source = f"def loop(n, {', '.join(f'{k}={k}' for k in names)}):\n  for _ in repeat(None, n): {statement}\n"
    scope = dict(names, repeat=itertools.repeat)
    exec(source, scope)
    return scope["loop"]


class Contender:
    def __init__(self, library, statement, names, sample_ns):
        self.library, self.loop, self.samples, self.n_faults, self.n_calls = library, compile_loop(statement, names), [], 0, 0
        self.n = 1
        self.loop(1)
        while (ns := self.once(self.n)) < min(20000, sample_ns):
            self.n *= 4
        self.n = max(1, math.ceil(self.n * sample_ns / ns))
        self.cost = ns if self.n == 1 else sample_ns

    def once(self, n):
        start = time.perf_counter_ns()
        self.loop(n)
        return time.perf_counter_ns() - start

    def sample(self, n_threads):
        if n_threads > 1:
            time.sleep(SETTLE)
        warm = WARM_NS if n_threads > 1 else 1
        while warm > 0:
            warm -= self.once(max(1, self.n // 8))
        before = faults()
        self.samples.append(self.once(self.n) / self.n)
        self.n_faults += faults() - before
        self.n_calls += self.n

    def result(self):
        s = sorted(self.samples)
        at = lambda q: s[round(q * (len(s) - 1))]
        return (at(0.5), at(0.25), at(0.75), self.n_faults / self.n_calls)


def check(case, ours, theirs, np):
    """The timed calls compute the same thing."""
    try:
        x = np.asarray(memoryview(ours))
    except BufferError:
        return  # not f32: nothing here can look at it
    y = theirs.numpy()
    per_result = math.prod(case.extents) / max(1, y.size)
    if x.shape != y.shape or not np.all(np.abs(x - y) <= 1e-4 * max(1.0, float(np.abs(y).max(initial=0)), 0.01 * per_result)):
        sys.exit(f"compare: {case.name}: Trivet and PyTorch compute different things")


def measure(case, lib, cache, options):
    new, given, torch_new, torch_given, numpy_new, numpy_given = CALLS[case.row]
    np, torch = lib["np"], lib["torch"]
    operands = dict(zip("abc", (make_operand(lib, spec, case, cache) for spec in case.operands if spec)))
    common = {"shape": case.extents, "host": operands.get("a"), "groups": case.extents[1] if case.row == "conv_depthwise" else 1, **lib}
    seen = {k: np.asarray(v) for k, v in operands.items()}
    names = {"Trivet": {**common, **operands}, "PyTorch": {**common, **{k: torch.from_numpy(v) for k, v in seen.items()}},
             "NumPy": {**common, **seen}}
    calls = {"Trivet": (new, given), "PyTorch": (torch_new, torch_given), "NumPy": (numpy_new, numpy_given)}
    if case.flavour != "given" or torch_given:
        check(case, eval(new, {}, names["Trivet"]), eval(torch_new, {}, names["PyTorch"]), np)
    contenders = []
    for library, (make, write) in calls.items():
        statement, scope = (make if case.flavour == "new" else write), names[library]
        if statement is None:
            continue
        if case.flavour != "new":
            scope["o"] = eval(make, {}, scope)
        if case.flavour == "in_place":
            scope["a"] = scope["o"] = eval(COPY[2 * list(calls).index(library)], {}, scope)  # the call that makes its output
            statement = IN_PLACE[case.row] if library == "PyTorch" else statement
        contenders.append(Contender(library, statement, scope, options.sample_us * 1000))
    rounds = max(5, min(options.rounds, int(options.patience * 1e9 / sum(c.cost for c in contenders))))
    for r in range(rounds):
        for c in contenders[r % len(contenders):] + contenders[:r % len(contenders)]:
            c.sample(options.threads)
    case.times = {c.library: c.result() for c in contenders}


# ---- reports -----------------------------------------------------------------------------------------------------------------------------
def us(ns):
    value = ns / 1000
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def verdict(ratio):
    return "win" if ratio >= EQUAL else "LOSS" if ratio <= 1 / EQUAL else "equal"


def marked(ratio):
    return f"**{ratio:.2f}**" if verdict(ratio) == "LOSS" else f"{ratio:.2f}"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def print_rows(cases):
    print(f"{'case':44} {'Trivet us [quartiles]':26} {'PyTorch us [quartiles]':26} {'NumPy':>8} {'torch/us':>8} {'np/us':>7} {'faults':>12}"
          "  verdict")
    for c in cases:
        cell = lambda lib: f"{us(c.times[lib][0])} [{us(c.times[lib][1])} {us(c.times[lib][2])}]" if lib in c.times else "-"
        ratios = [f"{c.ratio(p):.2f}" if p in c.times else "-" for p in ("PyTorch", "NumPy")]
        numpy_us = us(c.times["NumPy"][0]) if "NumPy" in c.times else "-"
        n_faults = "/".join(f"{c.times[lib][3]:.0f}" if lib in c.times else "-" for lib in ("Trivet", "PyTorch"))
        print(f"{c.name:44} {cell('Trivet'):26} {cell('PyTorch'):26} {numpy_us:>8} {ratios[0]:>8} {ratios[1]:>7} {n_faults:>12}  "
              + (verdict(c.ratio()) if c.ratio() else "-"))


def print_grid(cases):
    """Markdown: a table per family and set of sizes; PyTorch's time over ours, and our time; losses in bold."""
    compared = [c for c in cases if c.ratio()]
    for (family, _), rows in itertools.groupby(compared, key=lambda c: (c.family, sizes_of(c, compared))):
        rows = list(rows)
        sizes = sizes_of(rows[0], compared)
        print(f"\n{family}: PyTorch's time / ours, our time in µs\n\n| | " + " | ".join(sizes) + " |\n|---|" + "---|" * len(sizes))
        by_label = {}
        for c in rows:
            by_label.setdefault(c.row + {"new": "", "given": ", given", "in_place": ", in place"}[c.flavour], {})[c.size] = c
        for label, at in by_label.items():
            cells = [f"{marked(at[s].ratio())}, {us(at[s].times['Trivet'][0])}" if s in at else "" for s in sizes]
            print(f"| {label} | " + " | ".join(cells) + " |")


def sizes_of(case, cases):
    return tuple(dict.fromkeys(c.size for c in cases if c.row == case.row))


def goals(cases, options):
    """(what, reached so far, wanted) of the goals that this run measured."""
    by_name = {c.name: c.ratio() for c in cases if c.ratio()}
    found = []
    if not options.strong:
        every = []
        for group, rows in GROUPS.items():
            ratios = [by_name[n] for n in (f"{row}/f32/{size}/new" for row in rows for size in THREE) if n in by_name]
            if len(ratios) == len(rows) * len(THREE):
                every += ratios
                found.append((f"{group}, geometric mean of {len(rows)} operations at {', '.join(THREE)}", geometric_mean(ratios), GOALS_A[group]))
        if len(every) == sum(map(len, GROUPS.values())) * len(THREE):
            found.append((f"all {len(every)} of them", geometric_mean(every), GOALS_A["all"]))
        found += [(name, by_name[name], wanted) for row, wanted in GOALS_A_LARGE.items() if (name := f"{row}/f32/4000x4000/new") in by_name]
    else:
        for row, wanted in GOALS_B.items():
            wanted = wanted[options.threads > 1] if isinstance(wanted, tuple) else wanted
            for size in THREE[1:]:
                name = next((n for n in (f"{row}/f32/{size}/{f}" for f in ("given", "new")) if n in by_name), None)
                if name:
                    found.append((name, by_name[name], wanted))
    return found


def print_goals(found, options):
    if found:
        print(f"\n| goal against {'B' if options.strong else 'A'}, {options.threads} thread{'s' * (options.threads > 1)} | measured | wanted | |")
        print("|---|---|---|---|")
        for what, ratio, wanted in found:
            print(f"| {what} | {ratio:.2f} | {wanted:.2f} | {'reached' if ratio >= wanted else '**not reached**'} |")


def print_summary(cases):
    for peer in ("PyTorch", "NumPy"):
        counts = {"win": 0, "equal": 0, "LOSS": 0}
        for c in cases:
            if c.ratio(peer):
                counts[verdict(c.ratio(peer))] += 1
        print(f"\nAgainst {peer}: {counts['win']} wins, {counts['equal']} equal (within {EQUAL - 1:.0%}), {counts['LOSS']} losses "
              f"of {sum(counts.values())} cases.")
    losses = [c for c in cases if c.ratio() and verdict(c.ratio()) == "LOSS"]
    if losses:
        print("\nLosses to PyTorch: " + ", ".join(f"{c.name} {c.ratio():.2f}" for c in sorted(losses, key=lambda c: c.ratio())) + ".")


def write_json(path, library, cases, facts):
    entries = []
    for c in cases:
        if library in c.times:
            median, low, high, n_faults = c.times[library]
            entries.append({"name": c.name, "run_name": c.name, "run_type": "iteration", "threads": facts["threads"], "real_time": median,
                            "cpu_time": median, "time_unit": "ns", "q1": low, "q3": high, "page_faults": n_faults})
    with open(path, "w") as file:
        json.dump({"context": dict(facts, library=f"{library} {facts['versions'][library]}"), "benchmarks": entries}, file, indent=1)


# ---- the process -------------------------------------------------------------------------------------------------------------------------
def cpu_info():
    text = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
    field = lambda key: (re.search(rf"^{key}\s*: (.*)$", text, re.M) or ["", ""])[1]
    return field("model name") or platform.processor(), set(field("flags").split()), field("vendor_id")


def strong_environment(build):
    """What brings PyTorch to its best here: an allocator that keeps its pages, its widest kernels, and each BLAS on the code path that is
    right for the processor (OpenBLAS takes some AVX-512 processors for lesser ones; MKL does so with all that Intel did not make)."""
    _, flags, vendor = cpu_info()
    wide = "avx512f" in flags
    env = {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=17179869184:glibc.malloc.mmap_threshold=17179869184",
           "ATEN_CPU_CAPABILITY": "avx512" if wide else "avx2"}
    if wide:
        env["OPENBLAS_CORETYPE"] = "SkylakeX"
    preload = os.path.join(build, "peers", "mkl_path.so")
    if vendor != "GenuineIntel" and os.path.exists(preload):
        env["LD_PRELOAD"] = preload
    return env


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(HERE, "..", "build", "release"), help="build folder of Trivet (build/release)")
    p.add_argument("--threads", type=int, default=1, help="threads of all libraries (1)")
    p.add_argument("--filter", default="", help="parts of names, separated by commas: only cases that contain one of them")
    p.add_argument("--strong", action="store_true", help="mode B: PyTorch at its strongest")
    p.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md instead of a line per case")
    p.add_argument("--json", metavar="FILE", help="PyTorch's figures in google-benchmark's form, for `trivet bench --peers`")
    p.add_argument("--json-numpy", metavar="FILE", help="the same of NumPy")
    p.add_argument("--rounds", type=int, default=21, help="samples of each library per case (21)")
    p.add_argument("--sample-us", type=float, default=300, help="what a sample takes at least, in us (300)")
    p.add_argument("--patience", type=float, default=1.0, help="seconds per case after which fewer samples must do, at least 5 (1)")
    return p.parse_args()


def load_thin(build):
    thin = os.path.join(build, "peers")
    if not os.path.exists(os.path.join(thin, "trivet_thin.abi3.so")):
        skip(f"no {thin}/trivet_thin.abi3.so: build with the Python headers (apt install python3-dev)")
    sys.path.insert(0, thin)
    import trivet_thin
    return trivet_thin


def skip(reason):
    print(f"compare: SKIPPED, {reason}", file=sys.stderr)
    sys.exit(77)


def load(options):
    build = os.path.abspath(options.build)
    if "TRIVET_COMPARING" not in os.environ:  # libraries read their environment when they are loaded, so it is set before Python starts
        threads = str(options.threads)
        env = dict(os.environ, TRIVET_COMPARING="1", OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads,
                   OPENBLAS_THREAD_TIMEOUT="20")  # 2^20 cycles of spinning, not 2^26
        os.execve(sys.executable, [sys.executable] + sys.argv, dict(env, **(strong_environment(build) if options.strong else {})))
    trivet_thin = load_thin(build)
    try:
        import numpy, torch
    except ImportError as e:
        skip(f"{e}: run it with build/peers/bin/python, which scripts/setup-peers.sh --torch makes")
    warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # operands are only read
    torch.set_num_threads(options.threads)
    version = trivet_thin.open("", options.threads)
    lib = {"t": trivet_thin, "torch": torch, "np": numpy, "F": torch.nn.functional}
    return lib, {"Trivet": version, "PyTorch": torch.__version__, "NumPy": numpy.__version__}


def main():
    options = parse()
    definitions = os.path.join(HERE, "cases.def")
    lib, versions = load(options)
    cases = sorted(read_cases(definitions, [w for w in options.filter.split(",") if w]), key=lambda c: math.prod(c.extents))
    if not cases:
        sys.exit(f"compare: no case of cases.def is called like '{options.filter}'")
    torch, t = lib["torch"], lib["t"]
    strong = strong_environment(os.path.abspath(options.build)) if options.strong else {}
    facts = {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cpu_model": cpu_info()[0], "num_cpus": os.cpu_count(),
             "threads": options.threads, "load_avg": list(os.getloadavg()), "versions": versions, "mode": "B" if options.strong else "A",
             "capability": torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends, "cpu") else "?", "environment": {k: os.path.basename(v) for k, v in strong.items()}}
    gc.disable()
    with torch.inference_mode():
        x = t.from_host(lib["np"].ones(8, lib["np"].float32))
        overhead = {s: Contender("", s, {"t": t, "x": x}, 300000) for s in ("pass", "t.nothing(x)")}
        for c in overhead.values():
            for _ in range(21):
                c.sample(1)
        cache, extents = {}, None
        for i, case in enumerate(cases):
            if case.extents != extents:
                cache, extents = {}, case.extents
            if sys.stderr.isatty():
                print(f"\r{i + 1}/{len(cases)} {case.name:50}", end="", file=sys.stderr)
            measure(case, lib, cache, options)
    order = list(CALLS)
    cases.sort(key=lambda c: order.index(c.row))
    print(f"PyTorch {versions['PyTorch']} ({facts['capability']}), NumPy {versions['NumPy']}, Trivet {versions['Trivet']}; {facts['cpu_model']}, "
          f"{options.threads} thread{'s' * (options.threads > 1)}; mode {facts['mode']}; {facts['date']}, load {facts['load_avg'][0]:.2f}.")
    for name, value in facts["environment"].items():
        print(f"Set for PyTorch: {name}={value}")
    turn, call = (overhead[s].result()[0] for s in ("pass", "t.nothing(x)"))
    print(f"Medians of {options.rounds} samples in turns. The loop itself takes {turn:.0f} ns per turn, the thin binding {call - turn:.0f} ns per call.")
    others = sorted({op for op, backend, _ in t.ran() if backend in ("builtin", "cpu_ref")})
    if others:
        print(f"\nRun by the reference, because no fast kernel took them: {', '.join(others)}.")
    (print_grid if options.markdown else print_rows)(cases)
    print_goals(goals(cases, options), options)
    print_summary(cases)
    for path, library in ((options.json, "PyTorch"), (options.json_numpy, "NumPy")):
        if path:
            write_json(path, library, cases, facts)


if __name__ == "__main__":
    main()
