# SPDX-License-Identifier: BSD-3-Clause
"""The two networks of example_ocr beside ONNX Runtime.

ocr.py check MODELS DUMP TEXT    the tensors that example_ocr --dump wrote: the same answers from the same inputs within TOLERANCE, the same
                                 winner in each column, and the text that ONNX Runtime's answers spell
ocr.py time MODELS DUMP BUILD INCLUDE ROUNDS    median times of both runtimes, taken in turns
"""

import glob
import os
import statistics
import sys
import time

import numpy as np
import onnxruntime

# Of a probability. f32 sums of up to 2,000 products through 60 layers, each added in another order; the largest seen is 2e-5.
TOLERANCE = 1e-4
FILES = {"find": "ch_PP-OCRv4_det_infer.onnx", "read": "ch_PP-OCRv4_rec_infer.onnx"}


def session(models, name, n_threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(os.path.join(models, FILES[name]), options, providers=["CPUExecutionProvider"])


def answer(peer, x):
    return peer.run(None, {peer.get_inputs()[0].name: x})[0]


def inputs(dump, name):
    return sorted(glob.glob(os.path.join(dump, name + "_*_in.npy")))


def spell(peer, probabilities):
    letters = [""] + peer.get_modelmeta().custom_metadata_map["character"].split("\n") + [" "]
    best = probabilities[0].argmax(axis=1)
    return "".join(letters[k] for i, k in enumerate(best) if i == 0 or k != best[i - 1])


def check(models, dump, text_file):
    wrong, spelled = 0, []
    for name in FILES:
        peer, worst, n = session(models, name, 1), 0.0, 0
        for path in inputs(dump, name):
            theirs, ours = answer(peer, np.load(path)), np.load(path.replace("_in.npy", "_out.npy"))
            if theirs.shape != ours.shape or not np.isfinite(ours).all():
                print(f"FAILED: {path}: shape {ours.shape}, ONNX Runtime {theirs.shape}, or not finite")
                return 1
            worst, n = max(worst, float(np.abs(theirs - ours).max())), n + 1
            if name == "read":
                wrong += not np.array_equal(theirs.argmax(axis=2), ours.argmax(axis=2))
                spelled.append(spell(peer, theirs))
        print(f"{name}: {n} runs, largest difference from ONNX Runtime {onnxruntime.__version__} {worst:.2g} ({TOLERANCE:g} allowed)")
        wrong += worst > TOLERANCE or n == 0
    with open(text_file, encoding="utf-8") as f:
        read = f.read().splitlines()
    if spelled != read:
        print(f"FAILED: ONNX Runtime spells {spelled}, Trivet {read}")
        wrong += 1
    return 1 if wrong else 0


def time_both(models, dump, build, include, rounds):
    from trivet import Model, Trivet

    rt = Trivet(build, include)
    n_threads = rt.lib.rt_ctx_threads(rt.ctx)
    print(
        f"Trivet {rt.lib.rt_version().decode()} with {n_threads} threads, ONNX Runtime {onnxruntime.__version__}; median and least of {rounds}"
    )
    for name in FILES:
        ours, peers = Model(rt, os.path.join(models, FILES[name])), [session(models, name, 1), session(models, name, n_threads)]
        for path in inputs(dump, name)[:1]:
            x = np.load(path)
            t = rt.tensor(x, "f32")
            jobs = [
                ("Trivet", lambda: ours.run([t])[0].numpy()),
                ("ONNX Runtime, 1 thread", lambda: answer(peers[0], x)),
                (f"ONNX Runtime, {n_threads} threads", lambda: answer(peers[1], x)),
            ]
            seconds = {label: [] for label, _ in jobs}
            for label, job in jobs:
                job()  # warm up
            for _ in range(rounds):
                for label, job in jobs:
                    start = time.perf_counter()
                    job()
                    seconds[label].append(time.perf_counter() - start)
            base = statistics.median(seconds["Trivet"])
            for label, values in seconds.items():
                middle = statistics.median(values)
                print(
                    f"  {name} {x.shape}  {label:24s} {1e3 * middle:9.2f} ms  {1e3 * min(values):9.2f} ms  {base / middle:6.1f} times as fast as Trivet"
                )
            del t
        ours.close()
    rt.close()
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "check":
        sys.exit(check(*sys.argv[2:]))
    if len(sys.argv) == 7 and sys.argv[1] == "time":
        sys.exit(time_both(*sys.argv[2:6], int(sys.argv[6])))
    sys.exit(__doc__)
