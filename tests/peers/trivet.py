# SPDX-License-Identifier: BSD-3-Clause
"""The public C interface through ctypes, for tests that compare with other libraries.

Every function that gives a new tensor is found in the headers and called by name without "rt_": Trivet(build).sum(x, (1,), False, None).
Tensors are made from and read as NumPy arrays; bf16, which NumPy lacks, is made from and read as float32.
"""
import ctypes as c
import os
import re

import numpy as np

DTYPES = {}  # name -> (code, NumPy dtype of the elements as stored)
STORED = {"bool": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "u8": np.uint8, "u16": np.uint16, "u32": np.uint32,
          "u64": np.uint64, "f16": np.float16, "bf16": np.uint16, "f32": np.float32, "f64": np.float64, "c64": np.complex64, "c128": np.complex128}
MAX_RANK = 16


class Axes(c.Structure):
    _fields_ = [("count", c.c_int32), ("axis", c.c_int32 * MAX_RANK)]


class _Complex(c.Structure):
    _fields_ = [("re", c.c_double), ("im", c.c_double)]


class _Value(c.Union):
    _fields_ = [("b", c.c_bool), ("i", c.c_int64), ("u", c.c_uint64), ("f", c.c_double), ("c", _Complex)]


class Scalar(c.Structure):
    _fields_ = [("kind", c.c_int), ("value", _Value)]


class Window(c.Structure):
    _fields_ = [("size", c.c_int32 * 3), ("stride", c.c_int32 * 3), ("dilation", c.c_int32 * 3), ("pad_lo", c.c_int32 * 3), ("pad_hi", c.c_int32 * 3),
                ("groups", c.c_int32), ("ceil_mode", c.c_bool), ("count_pad", c.c_bool)]


class Failure(Exception):
    """A status that is not RT_OK, with the library's sentence."""


def window(**fields):
    w = Window()
    for name, value in fields.items():
        setattr(w, name, (c.c_int32 * 3)(*value) if isinstance(value, (tuple, list)) else value)
    return w


def scalar(value):
    s = Scalar()
    if isinstance(value, (bool, np.bool_)):
        s.kind, s.value.b = 1, bool(value)
    elif isinstance(value, (int, np.integer)):
        s.kind, s.value.i = 2, int(value)
    else:
        s.kind, s.value.f = 4, float(value)
    return s


def to_bf16(x):
    """float32 to the bits of bf16: rounds to nearest even, NaN stays NaN."""
    x = np.ascontiguousarray(x, np.float32)
    bits = x.view(np.uint32).astype(np.uint64)
    return np.where(np.isnan(x), 0x7FC0, (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    wide = np.ascontiguousarray(bits, np.uint32).reshape(bits.shape) << np.uint32(16)
    return np.frombuffer(wide.tobytes(), np.float32).reshape(bits.shape).copy()


class Tensor:
    def __init__(self, rt, handle):
        self.rt, self.handle = rt, handle

    def __del__(self):
        self.rt.lib.rt_release(self.handle)

    @property
    def dtype(self):
        return self.rt.names[self.rt.lib.rt_tensor_dtype(self.handle)]

    @property
    def shape(self):
        shape = self.rt.lib.rt_tensor_shape(self.handle)
        return tuple(shape[i] for i in range(self.rt.lib.rt_tensor_rank(self.handle)))

    def numpy(self):
        out = np.empty(self.shape, STORED[self.dtype])
        self.rt.check(self.rt.lib.rt_read(self.handle, out.ctypes.data_as(c.c_void_p), c.c_size_t(out.nbytes)))
        return from_bf16(out) if self.dtype == "bf16" else out


class Trivet:
    """One context of the library in a build folder."""

    def __init__(self, build, include):
        self.lib = c.CDLL(os.path.join(build, "lib", "libtrivet.so"))
        self.io = c.CDLL(os.path.join(build, "lib", "libtrivet_io.so"))
        self.lib.rt_last_error.restype = self.lib.rt_version.restype = c.c_char_p
        self.lib.rt_tensor_shape.restype = c.POINTER(c.c_int64)
        self.lib.rt_tensor_shape.argtypes = self.lib.rt_tensor_rank.argtypes = self.lib.rt_tensor_dtype.argtypes = self.lib.rt_release.argtypes = [c.c_void_p]
        self.lib.rt_read.argtypes = [c.c_void_p, c.c_void_p, c.c_size_t]
        with open(os.path.join(include, "trivet", "dtypes.def")) as f:
            for code, name in re.findall(r"RT_DTYPE\(\s*(\d+),\s*\w+,\s*(\w+),", f.read()):
                DTYPES[name] = int(code)
        self.names = {code: name for name, code in DTYPES.items()}
        self.functions = {}
        for header in ("ops.h", "tensor.h", "dtype.h"):
            with open(os.path.join(include, "trivet", header)) as f:
                for name, parameters in re.findall(r"RT_API RT_NODISCARD rt_status rt_(\w+)\(([^)]*)\);", f.read()):
                    self.functions[name] = [p.strip().rsplit(" ", 1) for p in re.sub(r"\s+", " ", parameters).split(",")]
        self.ctx = c.c_void_p()
        self.check(self.lib.rt_ctx_create(None, c.byref(self.ctx)))

    def check(self, status):
        if status:
            raise Failure(self.lib.rt_last_error().decode())

    def close(self):
        self.check(self.lib.rt_ctx_close(self.ctx))

    def tensor(self, array, dtype):
        """float64 and float32 values are rounded to nearest even on the way to a narrower dtype."""
        array = np.asarray(array)
        with np.errstate(over="ignore"):
            stored = np.array(to_bf16(array) if dtype == "bf16" else array.astype(STORED[dtype]), order="C", ndmin=0)
        out, shape = c.c_void_p(), (c.c_int64 * max(array.ndim, 1))(*array.shape)
        self.check(self.lib.rt_from_data(self.ctx, DTYPES[dtype], array.ndim, shape, stored.ctypes.data_as(c.c_void_p), c.byref(out)))
        return Tensor(self, out)

    def promote(self, a, b):
        out = c.c_int()
        self.check(self.lib.rt_promote(DTYPES[a], DTYPES[b], c.byref(out)))
        return self.names[out.value]

    def _argument(self, kind, value):
        if "rt_tensor *const *" in kind:
            return (c.c_void_p * len(value))(*[t.handle.value for t in value])
        if "rt_tensor" in kind:
            return value.handle if value is not None else None
        if "rt_axes" in kind:
            return None if value is None else c.byref(Axes(len(value), (c.c_int32 * MAX_RANK)(*value)))
        if "rt_window" in kind:
            return c.byref(value)
        if "int64_t *" in kind:
            return (c.c_int64 * len(value))(*value)
        if "rt_dtype" in kind:
            return DTYPES[value] if value else 0
        if "rt_scalar" in kind:
            return scalar(value)
        return {"bool": c.c_bool, "int32_t": c.c_int32, "int64_t": c.c_int64, "uint64_t": c.c_uint64, "double": c.c_double}.get(kind, c.c_int)(value)

    def __getattr__(self, name):
        try:
            parameters = self.functions[name]
        except KeyError:
            raise AttributeError(f"the headers have no function rt_{name} that gives a status") from None
        kinds = [(kind + " *" if who.startswith("*") else kind) + ("const *" if who.startswith("const") else "") for kind, who in parameters]

        def call(*values):
            out = c.c_void_p()
            inputs = [k for k in kinds[:-1] if "rt_ctx" not in k]
            if len(values) != len(inputs):
                raise TypeError(f"rt_{name} takes {inputs}, not {len(values)} arguments")
            queue = list(values)
            arguments = [self.ctx if "rt_ctx" in k else self._argument(k, queue.pop(0)) for k in kinds[:-1]]
            self.check(getattr(self.lib, "rt_" + name)(*arguments, c.byref(out)))
            return Tensor(self, out)

        return call


class Model:
    """An ONNX model: model(array, ...) gives a list of arrays."""

    def __init__(self, rt, path):
        self.rt, self.handle = rt, c.c_void_p()
        rt.check(rt.io.rt_model_open(rt.ctx, os.fsencode(path), c.byref(self.handle)))
        self.n_out = rt.io.rt_model_output_count(self.handle)

    def run(self, tensors):
        given, made = (c.c_void_p * len(tensors))(*[t.handle.value for t in tensors]), (c.c_void_p * self.n_out)()
        self.rt.check(self.rt.io.rt_model_run(self.handle, len(tensors), given, self.n_out, made))
        return [Tensor(self.rt, c.c_void_p(m)) for m in made]

    def close(self):
        self.rt.io.rt_model_close(self.handle)
