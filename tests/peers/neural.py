# SPDX-License-Identifier: BSD-3-Clause
"""What neural networks are made of, beside PyTorch: normalisation, embedding, attention, losses, and steps of optimizers one after the other.
PyTorch computes in f64 on what our dtype keeps of the numbers; a bound is a few rounding units of what the result is made of."""
import numpy as np
from judge import FLOATS, equal, ulp, unit, within
from values import floats, generator, rounded

AFFINE = ("{}", "{} * w + b")


def close(dtype, units, size=1.0):
    """Within `units` rounding units of `size`, and the last rounding."""
    return lambda o, e: within(o, e, dtype, units * unit(dtype) * size + ulp(np.nan_to_num(e), dtype))


def norms(s):
    if not s.has("torch"):
        return
    for dtype in FLOATS:
        tensor = lambda x: None if x is None else s.rt.tensor(x, dtype)
        for shape, axes in (((5, 37), (1,)), ((2, 3, 4, 5), (2, 3)), ((3, 1), (1,)), ((2, 300), (-1,))):
            normal = shape[axes[0]:] if axes[0] >= 0 else shape[axes[0]:]
            x, w, b = floats(dtype, shape, -3, 5, "x"), floats(dtype, normal, -2, 2, "w"), floats(dtype, normal, -2, 2, "b")
            for weight, bias in ((w, b), (None, None), (w, None)):
                ours = s.rt.layer_norm(tensor(x), axes, tensor(weight), tensor(bias), 1e-5).numpy()
                k = dict(x=x, n=tuple(normal), w=weight, b=bias)
                s.check("layer_norm", dtype, "torch", (shape, axes, bias is None), ours, lambda: s.ask("torch", "F.layer_norm(x, n, w, b, 1e-5)", **k), close(dtype, 8 * x.size, 20))
            ours = s.rt.rms_norm(tensor(x), axes, tensor(w), 1e-5).numpy()
            s.check("rms_norm", dtype, "torch", (shape, axes), ours, lambda: s.ask("torch", "x / (x * x).mean(a, keepdim=True).add(1e-5).sqrt() * w", x=x, a=axes, w=w),
                    close(dtype, 2 * x.size, 10))
        for shape, groups in (((2, 6, 3, 4), 3), ((3, 4, 5), 4), ((5, 12), 2), ((1, 3, 2, 2, 2), 1)):
            channels = shape[1]
            x, w, b = floats(dtype, shape, -3, 5, "x"), floats(dtype, (channels,), -2, 2, "w"), floats(dtype, (channels,), -2, 2, "b")
            mean, variance = floats(dtype, (channels,), -1, 1, "m"), floats(dtype, (channels,), 0.5, 3, "v")
            k = dict(x=x, w=w, b=b, m=mean, v=variance, g=groups)
            ours = s.rt.group_norm(tensor(x), groups, tensor(w), tensor(b), 1e-5).numpy()
            s.check("group_norm", dtype, "torch", (shape, groups), ours, lambda: s.ask("torch", "F.group_norm(x, g, w, b, 1e-5)", **k), close(dtype, 8 * x.size, 20))
            ours = s.rt.batch_norm(tensor(x), tensor(mean), tensor(variance), tensor(w), tensor(b), 1, 1e-5).numpy()
            s.check("batch_norm", dtype, "torch", shape, ours, lambda: s.ask("torch", "F.batch_norm(x, m, v, w, b, False, 0.1, 1e-5)", **k), close(dtype, 16, 30))
            if x.size > channels:
                ours = s.rt.batch_norm(tensor(x), None, None, tensor(w), None, 1, 1e-5).numpy()
                s.check("batch_norm", dtype, "torch", (shape, "training"), ours, lambda: s.ask("torch", "F.batch_norm(x, None, None, w, None, True, 0.1, 1e-5)", **k),
                        close(dtype, 8 * x.size, 20))


def embeddings(s):
    for dtype in FLOATS:
        table, index = floats(dtype, (7, 5), -3, 3, "table"), generator("index").integers(0, 7, (3, 4))
        ours = s.rt.embedding(s.rt.tensor(table, dtype), s.rt.tensor(index, "i64"), -(2**63)).numpy()
        s.check("embedding", dtype, "torch", "rows", ours, lambda: s.ask("torch", "F.embedding(i, x)", x=table, i=index), equal)
        t = np.arange(12.0).reshape(3, 4)
        a, b, c = floats(dtype, (3, 4), -3, 3, "a"), floats(dtype, (3, 4), -3, 3, "b"), rounded(t / 8 - 0.25, dtype)
        ours = s.rt.lerp(*[s.rt.tensor(v, dtype) for v in (a, b, c)]).numpy()
        s.check("lerp", dtype, "torch", "", ours, lambda: s.ask("torch", "t.lerp(a, b, c)", a=a, b=b, c=c), close(dtype, 4, 6))


# q, k, v, mask: None, "bool", "float"; causal
ATTENTIONS = [((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6), None, False), ((2, 2, 6, 8), (2, 2, 6, 8), (2, 2, 6, 8), None, True), ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4), None, True),
              ((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), "bool", False), ((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), "float", False), ((2, 6, 5, 4), (2, 2, 7, 4), (2, 2, 7, 4), None, False),
              ((3, 40, 16), (3, 50, 16), (3, 50, 8), None, False)]
# The definition, for versions of PyTorch without the function as well; torch.repeat_interleave is what its enable_gqa documents.
ATTENTION = ("(lambda k, v: t.softmax((q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + (0 if m is None else m)).masked_fill(hidden, -float('inf')), -1) @ v)"
             "(k.repeat_interleave(g, -3), v.repeat_interleave(g, -3))")


def attentions(s):
    if not s.has("torch"):
        return
    function = hasattr(s.modules["F"], "scaled_dot_product_attention")
    for q_shape, k_shape, v_shape, mask, causal in ATTENTIONS:
        for dtype in FLOATS:
            q, k, v = floats(dtype, q_shape, -2, 2, "q"), floats(dtype, k_shape, -2, 2, "k"), floats(dtype, v_shape, -2, 2, "v")
            rows, keys, groups = q_shape[-2], k_shape[-2], q_shape[-3] // k_shape[-3]
            seen = generator("mask").random((rows, keys)) < 0.7
            seen[:, 0] = True
            added = floats(dtype, (rows, keys), -1, 1, "mask") if mask == "float" else None
            hidden = ~seen if mask == "bool" else np.triu(np.ones((rows, keys), bool), 1) if causal else np.zeros((rows, keys), bool)
            ours_mask = s.rt.tensor(seen, "bool") if mask == "bool" else s.rt.tensor(added, dtype) if mask == "float" else None
            ours = s.rt.attention(*[s.rt.tensor(x, dtype) for x in (q, k, v)], ours_mask, 0.0, causal).numpy()
            judge, label = close(dtype, 8 * (keys + 2 * q_shape[-1]), 2), (q_shape, k_shape, mask, causal)
            s.check("attention", dtype, "torch", label, ours, lambda: s.ask("torch", ATTENTION, q=q, k=k, v=v, m=added, hidden=hidden, g=groups), judge)
            if function and groups == 1:
                m = seen if mask == "bool" else added
                s.check("attention", dtype, "torch", label + ("function",), ours,
                        lambda: s.ask("torch", "F.scaled_dot_product_attention(q, k, v, m, 0.0, c)", q=q, k=k, v=v, m=m, c=causal), judge)


REDUCTIONS = ("none", "mean", "sum")


def losses(s):
    for dtype in FLOATS:
        shape = (5, 7)
        x, target, p = floats(dtype, shape, -3, 3, "x"), floats(dtype, shape, 0, 1, "t"), floats(dtype, shape, 0.01, 0.99, "p")
        w, pw = floats(dtype, shape, 0.5, 2, "w"), floats(dtype, (7,), 0.5, 2, "pw")
        tensor = lambda v: None if v is None else s.rt.tensor(v, dtype)
        for r, name in enumerate(REDUCTIONS):
            judge, k = close(dtype, 16 + 2 * x.size, 8 * (x.size if name == "sum" else 1)), dict(x=x, y=target, p=p, w=w, pw=pw, r=name)
            for op, values, text in (
                    ("mse_loss", (x, target), "F.mse_loss(x, y, reduction=r)"), ("l1_loss", (x, target), "F.l1_loss(x, y, reduction=r)"),
                    ("smooth_l1_loss", (x, target, 0.5), "F.smooth_l1_loss(x, y, reduction=r, beta=0.5)"),
                    ("bce_loss", (p, target, None), "F.binary_cross_entropy(p, y, reduction=r)"), ("bce_loss", (p, target, w), "F.binary_cross_entropy(p, y, w, reduction=r)"),
                    ("bce_with_logits", (x, target, None, None), "F.binary_cross_entropy_with_logits(x, y, reduction=r)"),
                    ("bce_with_logits", (x, target, w, pw), "F.binary_cross_entropy_with_logits(x, y, w, reduction=r, pos_weight=pw)")):
                ours = getattr(s.rt, op)(*[tensor(v) if isinstance(v, np.ndarray) or v is None else v for v in values], r).numpy()
                s.check(op, dtype, "torch", (name, len(values)), ours, lambda: s.ask("torch", text, **k), judge)
            for shape_x in ((9, 5), (2, 5, 3, 4), (5,)):
                logits, weight = floats(dtype, shape_x, -4, 4, "logits"), floats(dtype, (5,), 0.5, 2, "weight")
                classes = generator("classes").integers(0, 5, shape_x[:1] + shape_x[2:] if len(shape_x) > 1 else ())
                for ignore, smoothing, of in ((-100, 0.0, None), (2, 0.0, weight), (-100, 0.1, None), (2, 0.25, weight)):
                    if len(shape_x) == 1 and ignore == int(classes):
                        continue  # nothing counts: NaN on both sides, in test_neural.c
                    ours = s.rt.cross_entropy(tensor(logits), s.rt.tensor(classes, "i64"), tensor(of), ignore, smoothing, r).numpy()
                    k = dict(x=logits, y=np.asarray(classes), w=of, i=ignore, l=smoothing, r=name)
                    s.check("cross_entropy", dtype, "torch", (shape_x, name, ignore, smoothing), ours,
                            lambda: s.ask("torch", "F.cross_entropy(x, y, w, reduction=r, ignore_index=i, label_smoothing=l)", **k),
                            close(dtype, 64 + 2 * logits.size, 16 * (logits.size if name == "sum" else 1)))


# ours, the numbers after the tensors (STEP: the number of the step), the number of states, PyTorch's class with its arguments
STEP = object()
OPTIMIZERS = [
    ("sgd", (0.1, 0.0), 0, "t.optim.SGD([p], lr=0.1)"), ("sgd", (0.1, 0.25), 0, "t.optim.SGD([p], lr=0.1, weight_decay=0.25)"),
    ("momentum", (0.1, 0.9, False, 0.0), 1, "t.optim.SGD([p], lr=0.1, momentum=0.9)"),
    ("momentum", (0.1, 0.9, True, 0.01), 1, "t.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)"),
    ("adam", (STEP, 0.01, 0.9, 0.999, 1e-8, 0.0), 2, "t.optim.Adam([p], lr=0.01)"), ("adam", (STEP, 0.01, 0.8, 0.9, 1e-3, 0.1), 2, "t.optim.Adam([p], lr=0.01, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1)"),
    ("adamw", (STEP, 0.01, 0.9, 0.999, 1e-8, 0.01), 2, "t.optim.AdamW([p], lr=0.01, weight_decay=0.01)"),
]
# Every class of PyTorch is driven the same way: the gradient is set, then a step is taken.
DRIVE = "(lambda p, o: [p.__setattr__('grad', g[i]) or o.step() for i in range(g.shape[0])] and p.detach())"


def steps(s):
    if not s.has("torch"):
        return
    n_steps = 6
    for op, numbers, n_states, text in OPTIMIZERS:
        for dtype in ("f32", "f64"):
            param, grads = floats(dtype, (4, 5), -2, 2, "param"), floats(dtype, (n_steps, 4, 5), -1, 1, "grads")
            p = s.rt.tensor(param, dtype)
            states = [s.rt.tensor(np.zeros_like(param), dtype) for _ in range(n_states)]
            for i in range(n_steps):
                getattr(s.rt, op)(p, s.rt.tensor(grads[i], dtype), *states, *[i + 1 if v is STEP else v for v in numbers])
            whole = f"(lambda p: {DRIVE}(p, {text}))(t.nn.Parameter(x.clone()))"
            s.check(op, dtype, "torch", (numbers[1:], f"{n_steps} steps"), p.numpy(), lambda: s.ask("torch", whole, x=param, g=grads), close(dtype, 40 * n_steps, 4))


GROUPS = (norms, embeddings, attentions, losses, steps)
