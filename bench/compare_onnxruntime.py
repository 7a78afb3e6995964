#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Times ONNX Runtime beside Trivet on the network of the demo: images per second, in one process, samples in turns, equal threads. Both are called
from Python, Trivet through peers/thin.c; the images are in memory of each before the clock starts, and the answers must agree."""
import argparse, os, sys, time

from compare_torch import EQUAL, HERE, Contender, cpu_info, load_thin, marked, skip

BATCHES = (1, 10, 100, 1000)
SETTLE = 0.1  # seconds after which ONNX Runtime's threads have stopped to spin on the processors that ours want
SAMPLE_NS = 100e6  # long enough that neither side is measured while its threads wake up


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(HERE, "..", "build", "release"), help="build folder of Trivet (build/release)")
    p.add_argument("--threads", type=int, default=1, help="threads of both (1)")
    p.add_argument("--model", default=os.path.join(HERE, "..", "models", "fashion_cnn.onnx"), help="a model of images [N,1,28,28] (the demo's)")
    p.add_argument("--rounds", type=int, default=21, help="samples of each per batch size (21)")
    options = p.parse_args()
    t = load_thin(os.path.abspath(options.build))
    try:
        import numpy as np, onnxruntime as ort
    except ImportError as e:
        skip(f"{e}: run it with build/peers/bin/python, which scripts/setup-peers.sh makes")
    version = t.open("", options.threads)
    model = t.model(options.model)
    settings = ort.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = options.threads, 1
    session = ort.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])
    names = {"t": t, "model": model, "session": session, "wanted": [session.get_outputs()[0].name], "given": session.get_inputs()[0].name}
    plural = "s" * (options.threads > 1)
    print(f"ONNX Runtime {ort.__version__} beside Trivet {version}; {cpu_info()[0]}, {options.threads} thread{plural}, medians of {options.rounds} samples in turns.\n")
    print("| images per call | Trivet images/s | quartiles | ONNX Runtime images/s | quartiles | Trivet / ONNX Runtime |\n|---|---|---|---|---|---|")
    for batch in BATCHES:
        images = np.random.default_rng(batch).random((batch, 1, 28, 28), dtype=np.float32)
        scope = dict(names, x=t.from_host(images), images={names["given"]: images})
        ours, theirs = np.asarray(t.run(model, scope["x"])), session.run(names["wanted"], scope["images"])[0]
        if not np.allclose(ours, theirs, rtol=1e-3, atol=1e-4) or not np.array_equal(ours.argmax(1), theirs.argmax(1)):
            sys.exit(f"compare: the answers to {batch} images differ by {np.abs(ours - theirs).max()}")
        both = [Contender("Trivet", "t.run(model, x)", scope, SAMPLE_NS), Contender("ONNX Runtime", "session.run(wanted, images)", scope, SAMPLE_NS)]
        for r in range(options.rounds):
            for c in both[r % 2:] + both[:r % 2]:
                time.sleep(SETTLE if options.threads > 1 else 0)
                c.sample(options.threads)
        times = [c.result() for c in both]
        rate = lambda ns: f"{1e9 * batch / ns:.0f}"
        ratio = times[1][0] / times[0][0]
        cells = " | ".join(f"{rate(median)} | {rate(high)} to {rate(low)}" for median, low, high, _ in times)
        print(f"| {batch} | {cells} | {marked(ratio)} |")
    others = sorted({op for op, backend, _ in t.ran() if backend in ("builtin", "cpu_ref")})
    if others:
        print(f"\nRun by the reference, because no fast kernel took them: {', '.join(others)}.")
    print(f"\nRatios within {EQUAL - 1:.0%} count as equal.")


if __name__ == "__main__":
    main()
