// SPDX-License-Identifier: BSD-3-Clause
// Trivet from C++: every public header compiles as C++11 with -Wpedantic, on its own line and twice, and a program runs through the C API.
#include <trivet/alloc.h>
#include <trivet/backend.h>
#include <trivet/config.h>
#include <trivet/device.h>
#include <trivet/dlpack.h>
#include <trivet/dtype.h>
#include <trivet/io.h>
#include <trivet/ops.h>
#include <trivet/rt.h>
#include <trivet/status.h>
#include <trivet/tensor.h>
#if defined(HAVE_TRIVET_CONFORMANCE)
#include <trivet/conformance.h>
#endif
#include <trivet/rt.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace {

void check(rt_status status) {
  if (status != RT_OK) throw std::runtime_error(std::string(rt_status_name(status)) + ": " + rt_last_error());
}

// A reference that releases itself: what a C++ program writes on top of the handle.
class Tensor {
 public:
  Tensor() : handle_(nullptr) {}
  ~Tensor() { rt_release(handle_); }
  Tensor(const Tensor &) = delete;
  Tensor &operator=(const Tensor &) = delete;
  rt_tensor **out() { return &handle_; }
  operator rt_tensor *() const { return handle_; }

 private:
  rt_tensor *handle_;
};

void run(rt_ctx *ctx) {
  const int64_t shape[] = {2, 3}, row[] = {3};
  const float a_data[] = {1, 2, 3, 4, 5, 6}, b_data[] = {10, 20, 30};
  Tensor a, b, sum, doubled, total;
  check(rt_from_data(ctx, RT_F32, 2, shape, a_data, a.out()));
  check(rt_from_data(ctx, RT_F32, 1, row, b_data, b.out()));
  check(rt_add(a, b, sum.out()));
  check(rt_mul_scalar(sum, rt_int(2), doubled.out()));
  check(rt_sum(doubled, nullptr, false, RT_DTYPE_NONE, total.out()));
  rt_scalar value;
  check(rt_item(total, &value));
  if (value.kind != RT_KIND_FLOAT || value.as.f != 2 * (21 + 120)) throw std::runtime_error("the sum is " + std::to_string(value.as.f));

  const int64_t wide[] = {4};
  Tensor c, none;
  check(rt_zeros(ctx, RT_F32, 1, wide, c.out()));
  if (rt_add(a, c, none.out()) != RT_E_SHAPE) throw std::runtime_error("[2,3] + [4] is not an error");
  if (!std::strstr(rt_last_error(), "[4]")) throw std::runtime_error(std::string("the sentence names no shape: ") + rt_last_error());
}

}  // namespace

int main() {
  rt_ctx *ctx = nullptr;
  try {
    check(rt_ctx_create(nullptr, &ctx));
    run(ctx);
    check(rt_ctx_close(ctx));
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
