// SPDX-License-Identifier: BSD-3-Clause
// PyTorch's own C++ interface in the comparisons, in inference mode: what is left of PyTorch when Python is not in the way.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/api/include/torch/version.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "contest.h"

namespace {

struct state {
  at::Tensor a, b, c, out, last;
  const job *j;
  at::Tensor (*make)(const state &);
  void (*write)(state &); // null: this call has no given output
};

at::Tensor conv(const state &s) { return at::conv2d(s.a, s.b, s.c, s.j->stride, s.j->pad, 1, s.j->groups); }
at::Tensor norm(const state &s) { return at::layer_norm(s.a, s.b.sizes(), s.b, s.c, 1e-5); }

const struct { const char *row; at::Tensor (*make)(const state &); void (*write)(state &); } calls[] = { // the first that the row begins with
    {"matmul", [](const state &s) { return at::matmul(s.a, s.b); }, [](state &s) { at::matmul_out(s.out, s.a, s.b); }},
    {"matvec", [](const state &s) { return at::mv(s.a, s.b); }, [](state &s) { at::mv_out(s.out, s.a, s.b); }},
    {"vecmat", [](const state &s) { return at::matmul(s.a, s.b); }, [](state &s) { at::mv_out(s.out, s.b.t(), s.a); }},
    {"conv", conv, [](state &s) { s.last = conv(s); }},
    {"add_scalar", [](const state &s) { return at::add(s.a, 2.5); }, nullptr},
    {"add", [](const state &s) { return at::add(s.a, s.b); }, [](state &s) { at::add_out(s.out, s.a, s.b); }},
    {"relu", [](const state &s) { return at::relu(s.a); }, [](state &s) { at::clamp_min_out(s.out, s.a, 0); }},
    {"tanh", [](const state &s) { return at::tanh(s.a); }, [](state &s) { at::tanh_out(s.out, s.a); }},
    {"exp", [](const state &s) { return at::exp(s.a); }, [](state &s) { at::exp_out(s.out, s.a); }},
    {"gelu", [](const state &s) { return at::gelu(s.a); }, [](state &s) { at::gelu_out(s.out, s.a); }},
    {"softmax", [](const state &s) { return at::softmax(s.a, -1); }, [](state &s) { at::softmax_out(s.out, s.a, -1); }},
    {"sum", [](const state &s) { return at::sum(s.a); }, nullptr},
    {"max", [](const state &s) { return at::max(s.a); }, nullptr},
    {"layer_norm", norm, nullptr},
};

bool start(int32_t n_threads, char *text, size_t bytes) {
  at::set_num_threads(n_threads);
  const std::string config = at::show_config();
  const size_t at_usage = config.find("CPU capability usage: ");
  const std::string usage = at_usage == std::string::npos ? "?" : config.substr(at_usage + 22, config.find('\n', at_usage) - at_usage - 22);
  std::snprintf(text, bytes, "libtorch %s (%s)", TORCH_VERSION, usage.c_str());
  return true;
}

at::Tensor wrap(const operand &o) {
  if (o.rank == 0) return {};
  std::vector<int64_t> shape(o.shape, o.shape + o.rank);
  if (o.transposed) std::swap(shape[o.rank - 1], shape[o.rank - 2]);
  at::Tensor t = at::from_blob(o.data, shape, at::kFloat);
  return o.transposed ? t.transpose(-1, -2) : t;
}

void *prepare(const job *j) {
  c10::InferenceMode guard;
  for (const auto &call : calls) {
    if (std::strncmp(j->row, call.row, std::strlen(call.row)) != 0) continue;
    if (j->given && !call.write) return nullptr;
    auto *s = new state{wrap(j->a), wrap(j->b), wrap(j->c), {}, {}, j, call.make, j->given ? call.write : nullptr};
    if (j->given) s->out = at::empty(at::IntArrayRef(j->out.shape, static_cast<size_t>(j->out.rank)), at::kFloat);
    return s;
  }
  return nullptr;
}

bool run(void *self, int64_t n) {
  auto &s = *static_cast<state *>(self);
  c10::InferenceMode guard;
  try {
    for (int64_t i = 0; i < n; i++) {
      if (s.write) s.write(s);
      else s.last = s.make(s);
    }
  } catch (const std::exception &e) {
    std::fprintf(stderr, "contest: libtorch: %s\n", e.what());
    return false;
  }
  return true;
}

void read_result(void *self, const operand *out) {
  auto &s = *static_cast<state *>(self);
  const at::Tensor t = (s.last.defined() ? s.last : s.out).contiguous();
  std::memcpy(out->data, t.data_ptr<float>(), t.nbytes());
}

void finish(void *self) { delete static_cast<state *>(self); }

} // namespace

extern "C" const contender peer = {"libtorch", start, prepare, run, read_result, finish, nullptr};
