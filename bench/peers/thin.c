// SPDX-License-Identifier: BSD-3-Clause
// The thinnest Python binding of the C API that there can be, for bench/compare_torch.py alone: one f32 tensor type and one function per operation
// that is compared. It converts arguments, calls, wraps the result and holds the GIL; it owns no decision. `nothing` is what it costs itself.
// The stable ABI of Python 3.11 is used, so that one file serves every interpreter from there on.
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <trivet/io.h>

#include <string.h>

typedef struct tensor {
  PyObject_HEAD rt_tensor *t;
} tensor;
static PyTypeObject *tensor_type;
static rt_ctx *ctx; // the one of this process
static const rt_axes last_axis = {1, {-1}};

// ---- tensors ----------------------------------------------------------------------------------------------------------------------------
static PyObject *failed(void) {
  PyErr_SetString(PyExc_RuntimeError, rt_last_error());
  return NULL;
}

static PyObject *made(rt_status status, rt_tensor *const *out) {
  if (status != RT_OK) return failed();
  tensor *self = PyObject_New(tensor, tensor_type);
  if (!self) return rt_release(*out), NULL;
  self->t = *out;
  return (PyObject *)self;
}

static PyObject *wrote(rt_status status, PyObject *out) { return status == RT_OK ? Py_NewRef(out) : failed(); }

static void tensor_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  rt_release(((tensor *)self)->t);
  PyObject_Free(self);
  Py_DECREF(type);
}

// The first `wanted` of n arguments are tensors; one more tensor may follow, the output.
static inline int tensors(PyObject *const *args, Py_ssize_t n, Py_ssize_t wanted, rt_tensor **t) {
  if (n != wanted && n != wanted + 1)
    return PyErr_Format(PyExc_TypeError, "%zd tensors and an optional output wanted, not %zd", wanted, n), 0;
  for (Py_ssize_t i = 0; i < n; i++) {
    if (Py_TYPE(args[i]) != tensor_type) return PyErr_SetString(PyExc_TypeError, "a tensor of this module is wanted"), 0;
    t[i] = ((tensor *)args[i])->t;
  }
  return 1;
}

// A view of the elements, for NumPy and PyTorch to read the same operands; the tensor stays mapped for reading until it is released.
static int tensor_buffer(PyObject *self, Py_buffer *view, int flags) {
  rt_tensor *t = ((tensor *)self)->t;
  int rank = rt_tensor_rank(t);
  Py_ssize_t *extents = PyMem_Malloc(2 * RT_MAX_RANK * sizeof *extents);
  void *data = NULL;
  if (!extents) return PyErr_NoMemory(), -1;
  if (rt_tensor_dtype(t) != RT_F32 || (flags & PyBUF_WRITABLE) || rt_map(t, RT_MAP_READ, &data) != RT_OK) {
    PyMem_Free(extents);
    return PyErr_SetString(PyExc_BufferError, "only f32 tensors can be seen, and only read"), -1;
  }
  for (int i = 0; i < rank; i++) extents[i] = rt_tensor_shape(t)[i], extents[RT_MAX_RANK + i] = rt_tensor_strides(t)[i] * 4;
  *view = (Py_buffer){.buf = data,
                      .obj = Py_NewRef(self),
                      .len = rt_tensor_numel(t) * 4,
                      .itemsize = 4,
                      .readonly = 1,
                      .ndim = rank,
                      .format = (char *)"f",
                      .shape = extents,
                      .strides = extents + RT_MAX_RANK,
                      .internal = extents};
  return 0;
}

static void tensor_release_buffer(PyObject *self, Py_buffer *view) {
  rt_unmap(((tensor *)self)->t);
  PyMem_Free(view->internal);
}

// ---- operations by their form: the number of tensors they take, then an optional output -------------------------------------------------
typedef rt_status make1(const rt_tensor *, rt_tensor **), write1(const rt_tensor *, rt_tensor *);
typedef rt_status make2(const rt_tensor *, const rt_tensor *, rt_tensor **), write2(const rt_tensor *, const rt_tensor *, rt_tensor *);
typedef rt_status make_scalar(const rt_tensor *, rt_scalar, rt_tensor **), write_scalar(const rt_tensor *, rt_scalar, rt_tensor *);

static inline PyObject *unary(PyObject *const *args, Py_ssize_t n, make1 *make, write1 *write) {
  rt_tensor *t[2], *out = NULL;
  if (!tensors(args, n, 1, t)) return NULL;
  if (n == 2) return wrote(write(t[0], t[1]), args[1]);
  rt_status status = make(t[0], &out);
  return made(status, &out);
}

static inline PyObject *binary(PyObject *const *args, Py_ssize_t n, make2 *make, write2 *write) {
  rt_tensor *t[3], *out = NULL;
  if (!tensors(args, n, 2, t)) return NULL;
  if (n == 3) return wrote(write(t[0], t[1], t[2]), args[2]);
  rt_status status = make(t[0], t[1], &out);
  return made(status, &out);
}

// (number, x) or (number, x, out)
static inline PyObject *scalar(PyObject *const *args, Py_ssize_t n, make_scalar *make, write_scalar *write) {
  rt_tensor *t[2], *out = NULL;
  if (n < 2) return PyErr_SetString(PyExc_TypeError, "a number and a tensor are wanted"), NULL;
  double number = PyFloat_AsDouble(args[0]);
  if ((number == -1 && PyErr_Occurred()) || !tensors(args + 1, n - 1, 1, t)) return NULL;
  if (n == 3) return wrote(write(t[0], rt_float(number), t[1]), args[2]);
  rt_status status = make(t[0], rt_float(number), &out);
  return made(status, &out);
}

// (x) or (x, axis)
static inline PyObject *reduction(PyObject *const *args, Py_ssize_t n,
                                  rt_status (*make)(const rt_tensor *, const rt_axes *, rt_tensor **)) {
  rt_tensor *t[2], *out = NULL;
  rt_axes axes = {1, {0}};
  if (n == 2 && (axes.axis[0] = (int32_t)PyLong_AsLong(args[1])) == -1 && PyErr_Occurred()) return NULL;
  if ((n != 1 && n != 2) || !tensors(args, 1, 1, t)) return NULL;
  rt_status status = make(t[0], n == 2 ? &axes : NULL, &out);
  return made(status, &out);
}

#define UNARY(X) X(relu) X(sigmoid) X(tanh) X(gelu) X(gelu_tanh) X(silu) X(exp) X(log) X(copy)
#define BINARY(X) X(add) X(sub) X(mul) X(div) X(matmul)
#define SCALAR(X) X(add) X(sub) X(mul) X(div)
#define CAST(X) X(cast_f64, RT_F64) X(cast_f16, RT_F16) X(cast_bf16, RT_BF16) X(cast_i32, RT_I32)
#define REDUCTION(X) X(sum) X(mean) X(max) X(min)

// The attributes that the cases have.
static rt_status leaky_relu(const rt_tensor *x, rt_tensor **out) { return rt_leaky_relu(x, 0.01, out); }
static rt_status leaky_relu_into(const rt_tensor *x, rt_tensor *out) { return rt_leaky_relu_into(x, 0.01, out); }
static rt_status softmax(const rt_tensor *x, rt_tensor **out) { return rt_softmax(x, -1, out); }
static rt_status softmax_into(const rt_tensor *x, rt_tensor *out) { return rt_softmax_into(x, -1, out); }
static rt_status sum(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_sum(x, axes, false, RT_DTYPE_NONE, out); }
static rt_status mean(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_mean(x, axes, false, out); }
static rt_status max(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_max(x, axes, false, out); }
static rt_status min(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_min(x, axes, false, out); }

#define DEFINE_UNARY_AS(op, make, write)                                                                                                   \
  static PyObject *py_##op(PyObject *module, PyObject *const *args, Py_ssize_t n) { return (void)module, unary(args, n, make, write); }
#define DEFINE_UNARY(op) DEFINE_UNARY_AS(op, rt_##op, rt_##op##_into)
#define DEFINE_BINARY(op)                                                                                                                  \
  static PyObject *py_##op(PyObject *module, PyObject *const *args, Py_ssize_t n) {                                                        \
    return (void)module, binary(args, n, rt_##op, rt_##op##_into);                                                                         \
  }
#define DEFINE_SCALAR(op)                                                                                                                  \
  static PyObject *py_##op##_scalar(PyObject *module, PyObject *const *args, Py_ssize_t n) {                                               \
    return (void)module, scalar(args, n, rt_##op##_scalar, rt_##op##_scalar_into);                                                         \
  }
#define DEFINE_REDUCTION(op)                                                                                                               \
  static PyObject *py_##op(PyObject *module, PyObject *const *args, Py_ssize_t n) { return (void)module, reduction(args, n, op); }
#define DEFINE_CAST(name, dtype)                                                                                                           \
  static rt_status name(const rt_tensor *x, rt_tensor **out) { return rt_cast(x, dtype, out); }                                            \
  DEFINE_UNARY_AS(name, name, rt_cast_into)
UNARY(DEFINE_UNARY)
DEFINE_UNARY_AS(leaky_relu, leaky_relu, leaky_relu_into)
DEFINE_UNARY_AS(softmax, softmax, softmax_into)
CAST(DEFINE_CAST)
BINARY(DEFINE_BINARY)
SCALAR(DEFINE_SCALAR)
REDUCTION(DEFINE_REDUCTION)

static PyObject *py_layer_norm(PyObject *module, PyObject *const *args, Py_ssize_t n) {
  rt_tensor *t[4], *out = NULL;
  (void)module;
  if (!tensors(args, n, 3, t)) return NULL;
  if (n == 4) return wrote(rt_layer_norm_into(t[0], &last_axis, t[1], t[2], 1e-5, t[3]), args[3]);
  rt_status status = rt_layer_norm(t[0], &last_axis, t[1], t[2], 1e-5, &out);
  return made(status, &out);
}

// conv(stride, pad, groups, x, weight, bias[, out]): two spatial axes
static PyObject *py_conv(PyObject *module, PyObject *const *args, Py_ssize_t n) {
  rt_tensor *t[4], *out = NULL;
  int32_t number[3];
  (void)module;
  for (int i = 0; i < 3; i++) number[i] = n > 3 ? (int32_t)PyLong_AsLong(args[i]) : -1;
  if (PyErr_Occurred() || !tensors(args + 3, n - 3, 3, t)) return NULL;
  const rt_window w = {
    .stride = {number[0], number[0]}, .pad_lo = {number[1], number[1]}, .pad_hi = {number[1], number[1]}, .groups = number[2]};
  if (n == 7) return wrote(rt_conv_into(t[0], t[1], t[2], &w, t[3]), args[6]);
  rt_status status = rt_conv(t[0], t[1], t[2], &w, &out);
  return made(status, &out);
}

// What a call costs that does nothing: arguments in, one new reference out.
static PyObject *py_nothing(PyObject *module, PyObject *const *args, Py_ssize_t n) {
  rt_tensor *t[2], *out;
  (void)module;
  if (!tensors(args, n, 1, t)) return NULL;
  out = rt_retain(t[0]);
  return made(RT_OK, &out);
}

// ---- creation and views -----------------------------------------------------------------------------------------------------------------
static int shape_of(PyObject *tuple, int64_t *shape) {
  Py_ssize_t rank = PyTuple_Size(tuple);
  if (rank < 0 || rank > RT_MAX_RANK) return PyErr_SetString(PyExc_ValueError, "a tuple of at most 16 extents is wanted"), -1;
  for (Py_ssize_t i = 0; i < rank; i++) shape[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
  return PyErr_Occurred() ? -1 : (int)rank;
}

#define DEFINE_CREATION(op, call)                                                                                                          \
  static PyObject *py_##op(PyObject *module, PyObject *const *args, Py_ssize_t n) {                                                        \
    int64_t shape[RT_MAX_RANK];                                                                                                            \
    rt_tensor *out = NULL;                                                                                                                 \
    int rank = n == 1 ? shape_of(args[0], shape) : (PyErr_SetString(PyExc_TypeError, "a shape is wanted"), -1);                            \
    (void)module;                                                                                                                          \
    if (rank < 0) return NULL;                                                                                                             \
    rt_status status = call;                                                                                                               \
    return made(status, &out);                                                                                                             \
  }
DEFINE_CREATION(zeros, rt_zeros(ctx, RT_F32, rank, shape, &out))
DEFINE_CREATION(ones, rt_ones(ctx, RT_F32, rank, shape, &out))
DEFINE_CREATION(full, rt_full(ctx, RT_F32, rank, shape, rt_float(2.5), &out))
DEFINE_CREATION(empty, rt_empty(ctx, RT_F32, rank, shape, &out))

static PyObject *py_fill(PyObject *module, PyObject *const *args, Py_ssize_t n) {
  rt_tensor *t[2];
  (void)module;
  if (!tensors(args, n, 1, t)) return NULL;
  return wrote(rt_full_into(rt_float(2.5), t[0]), args[0]);
}

// from_host(array) or from_host(array, out)
static PyObject *py_from_host(PyObject *module, PyObject *const *args, Py_ssize_t n) {
  Py_buffer view;
  rt_tensor *t[2], *out = NULL;
  int64_t shape[RT_MAX_RANK];
  (void)module;
  if (n < 1 || n > 2 || (n == 2 && !tensors(args + 1, 1, 1, t)))
    return PyErr_SetString(PyExc_TypeError, "an array and an optional tensor are wanted"), NULL;
  if (PyObject_GetBuffer(args[0], &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) return NULL;
  rt_status status = RT_E_DTYPE;
  for (int i = 0; i < view.ndim && view.ndim <= RT_MAX_RANK; i++) shape[i] = view.shape[i];
  if (strcmp(view.format, "f") != 0 || view.ndim > RT_MAX_RANK) PyErr_SetString(PyExc_TypeError, "an array of float32 is wanted");
  else status = n == 2 ? rt_write(t[0], view.buf, (size_t)view.len) : rt_from_data(ctx, RT_F32, view.ndim, shape, view.buf, &out);
  PyBuffer_Release(&view);
  if (PyErr_Occurred()) return NULL;
  return n == 2 ? wrote(status, args[1]) : made(status, &out);
}

static rt_status transposed(const rt_tensor *x, rt_tensor **out) { return rt_transpose(x, -2, -1, out); }
static rt_status stepped(const rt_tensor *x, rt_tensor **out) { return rt_slice(x, -1, RT_SLICE_DEFAULT, RT_SLICE_DEFAULT, 2, out); }
static rt_status no_output(const rt_tensor *x, rt_tensor *out) { return (void)x, (void)out, RT_E_ARGUMENT; }
DEFINE_UNARY_AS(transpose, transposed, no_output)
DEFINE_UNARY_AS(step, stepped, no_output)

// ---- models, context --------------------------------------------------------------------------------------------------------------------
static void close_model(PyObject *capsule) { rt_model_close(PyCapsule_GetPointer(capsule, "rt_model")); }

static PyObject *py_model(PyObject *module, PyObject *path) {
  rt_model *model = NULL;
  const char *text = PyUnicode_AsUTF8AndSize(path, NULL);
  (void)module;
  if (!text) return NULL;
  return rt_model_open(ctx, text, &model) == RT_OK ? PyCapsule_New(model, "rt_model", close_model) : failed();
}

// run(model, x): of one input and one output
static PyObject *py_run(PyObject *module, PyObject *const *args, Py_ssize_t n) {
  rt_tensor *t[2], *out = NULL;
  rt_model *model = n == 2 ? PyCapsule_GetPointer(args[0], "rt_model") : NULL;
  (void)module;
  if (!model || !tensors(args + 1, n - 1, 1, t)) return NULL;
  rt_status status = rt_model_run(model, 1, (const rt_tensor *const *)t, 1, &out);
  return made(status, &out);
}

// open(backends, threads): "" and 0 leave both to the library. Once; gives the version.
static PyObject *py_open(PyObject *module, PyObject *args) {
  const char *backends;
  rt_ctx_options options = {.size = sizeof options};
  (void)module;
  if (!PyArg_ParseTuple(args, "si", &backends, &options.n_threads)) return NULL;
  options.backends = *backends ? backends : NULL;
  if (ctx || rt_ctx_create(&options, &ctx) != RT_OK) return ctx ? PyErr_SetString(PyExc_RuntimeError, "open already"), NULL : failed();
  return PyUnicode_FromString(rt_version());
}

// Who ran what so far: a list of (operation, backend, calls).
static PyObject *py_ran(PyObject *module, PyObject *unused) {
  PyObject *list = PyList_New(0);
  (void)module, (void)unused;
  for (int32_t i = 0; list && i < rt_report_count(ctx); i++) {
    rt_report_row row;
    if (rt_report_get(ctx, i, &row) != RT_OK || row.kind != RT_REPORT_RUN) continue;
    PyObject *item = Py_BuildValue("(ssK)", row.op, row.backend, (unsigned long long)row.count);
    if (!item || PyList_Append(list, item) != 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  return list;
}

#define FAST(name) {#name, (PyCFunction)(void (*)(void))py_##name, METH_FASTCALL, NULL},
#define FAST_CAST(name, dtype) FAST(name)
#define FAST_SCALAR(name) FAST(name##_scalar)
static PyMethodDef methods[] = {
  UNARY(FAST) BINARY(FAST) SCALAR(FAST_SCALAR) REDUCTION(FAST) CAST(FAST_CAST)
  FAST(leaky_relu) FAST(softmax) FAST(layer_norm) FAST(conv) FAST(nothing) FAST(zeros) FAST(ones) FAST(full) FAST(empty) FAST(fill)
  FAST(from_host) FAST(transpose) FAST(step) FAST(run)
  {"model", py_model, METH_O, NULL}, {"open", py_open, METH_VARARGS, NULL}, {"ran", py_ran, METH_NOARGS, NULL}, {0}};

static PyType_Slot slots[] = {
  {Py_tp_dealloc, tensor_dealloc}, {Py_bf_getbuffer, tensor_buffer}, {Py_bf_releasebuffer, tensor_release_buffer}, {0, NULL}};
static PyType_Spec spec = {.name = "trivet_thin.tensor",
                           .basicsize = sizeof(tensor),
                           .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                           .slots = slots};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "trivet_thin", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_trivet_thin(void) {
  PyObject *module = PyModule_Create(&definition);
  if (module && !(tensor_type = (PyTypeObject *)PyType_FromSpec(&spec))) Py_CLEAR(module);
  return module;
}
