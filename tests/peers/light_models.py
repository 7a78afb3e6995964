# SPDX-License-Identifier: BSD-3-Clause
"""The nine light models of the onnx package: real networks whose weights are made by ConstantOfShape, so they take no download.

  light_models.py BUILD INCLUDE

Each runs on the input that onnx's own runner makes and must give the recorded output within its tolerance. With equal weights most of these
outputs are flat, so the smaller networks run once more with random weights, beside ONNX Runtime where that is installed.
"""

import glob
import os
import sys
import time

import numpy as np
import onnx
from onnx import numpy_helper
from trivet import Failure, Model, Trivet

RTOL, ATOL = 1e-3, 1e-7  # of onnx's runner for these models
RANDOM_RTOL = 1e-5  # with random weights: of the largest output before the last Softmax, which would hide much
MOST_WEIGHTS = 30e6  # alexnet, vgg19 and zfnet512 have more


def inputs_of(model):
    weights = {w.name for w in model.graph.initializer}
    shapes = [tuple(d.dim_value or 1 for d in x.type.tensor_type.shape.dim) for x in model.graph.input if x.name not in weights]
    return [(np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)).astype(np.float32) for shape in shapes]


def ours(rt, path, given):
    model = Model(rt, path)
    try:
        return model.run([rt.tensor(x, "f32") for x in given])[0].numpy()
    finally:
        model.close()


def check_recorded(rt, path):
    wanted = numpy_helper.to_array(onnx.load_tensor(path[:-5] + "_output_0.pb"))
    start = time.time()
    got = ours(rt, path, inputs_of(onnx.load(path)))
    wrong = got.shape != wanted.shape or not np.allclose(got, wanted, RTOL, ATOL)
    worst = float(np.abs(got - wanted).max()) if got.shape == wanted.shape else np.inf
    return wrong, f"recorded output, largest difference {worst:.2g}, {time.time() - start:.1f} s"


def randomize(model):
    """Random weights instead of equal ones, scaled so that values neither vanish nor overflow. False when there are too many of them."""
    rng, shapes = np.random.default_rng(5), {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    makers = [n for n in model.graph.node if n.op_type == "ConstantOfShape" and n.input[0] in shapes]
    if not makers or sum(int(np.prod(shapes[n.input[0]])) for n in makers) > MOST_WEIGHTS:
        return False
    for node in makers:
        shape = tuple(int(v) for v in shapes[node.input[0]])
        values = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape) if len(shape) > 1 else rng.uniform(0.5, 1.5, shape)
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), node.output[0]))
        model.graph.node.remove(node)
    last = model.graph.node[-1]
    if last.op_type == "Softmax":
        model.graph.node.remove(last)
        model.graph.output[0].CopyFrom(onnx.helper.make_tensor_value_info(last.input[0], onnx.TensorProto.FLOAT, None))
    return True


def check_random(rt, path, work):
    import onnxruntime

    model = onnx.load(path)
    if not randomize(model):
        return None
    name, given = os.path.join(work, os.path.basename(path)), inputs_of(model)
    model.ir_version = max(model.ir_version, 4)  # before that weights had to be inputs
    onnx.save(model, name)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    peer = onnxruntime.InferenceSession(name, options, providers=["CPUExecutionProvider"])
    wanted, got = peer.run(None, {x.name: v for x, v in zip(peer.get_inputs(), given)})[0], ours(rt, name, given)
    os.remove(name)
    if got.shape != wanted.shape or not np.isfinite(wanted).all() or len(np.unique(wanted)) < 500:  # flat: nothing would be noticed
        return True, f"shape {got.shape}, ONNX Runtime {wanted.shape} with {len(np.unique(wanted))} values"
    worst = float(np.abs(got - wanted).max() / np.abs(wanted).max())
    return (
        not worst <= RANDOM_RTOL,
        f"random weights beside ONNX Runtime {onnxruntime.__version__}, largest relative difference {worst:.2g}",
    )


def main(build, include, work):
    rt = Trivet(build, include)
    paths = sorted(glob.glob(os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "light_*.onnx")))
    checks = [check_recorded]
    try:
        import onnxruntime  # noqa: F401

        checks.append(lambda rt, path: check_random(rt, path, work))
    except ImportError:
        print("SKIPPED: random weights beside ONNX Runtime, which is not there (pip install onnxruntime)")
    n, n_wrong = 0, 0
    for path in paths:
        for check in checks:
            try:
                result = check(rt, path)
            except Failure as failure:
                result = True, str(failure)
            if result is None:
                continue
            n, n_wrong = n + 1, n_wrong + result[0]
            print(f"{'FAILED' if result[0] else 'ok':6s} {os.path.basename(path)[6:-5]:14s} {result[1]}", flush=True)
    rt.close()
    print(f"onnx {onnx.__version__}: {len(paths)} models, {n - n_wrong} of {n} checks pass")
    return 1 if n_wrong or len(paths) != 9 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 4 else __doc__)
