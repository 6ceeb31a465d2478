#include "problem.h"

#include "shape.h"

namespace {
size_t product(int x, int y, int z) {
  return static_cast<size_t>(x) * static_cast<size_t>(y) * static_cast<size_t>(z);
}
}  // namespace

Problem::Problem(const Element& e, Shape s, uint32_t seed)
    : element(e),
      shape(s),
      seed_a(2 * seed + 1),
      seed_b(2 * seed + 2),
      a_(product(s.m, s.k, e.bytes)),
      pruned_(product(s.m, s.k, e.bytes)),
      kept_(product(s.m, s.k / 2, e.bytes)),
      metadata_(product(s.m, s.k / 8, 1)),
      b_(product(s.n, s.k, e.bytes)),
      d_(product(s.m, s.n, 4)),
      report_(sizeof(CheckReport)) {}

void Problem::fill(Data data) const {
  const cuda::Function fill = find_kernel("fill", element, nullptr),
                       prune = find_kernel("prune", element, nullptr);
  FillArguments a = {a_.address, product(shape.m, shape.k, 1), seed_a, static_cast<uint32_t>(data)};
  FillArguments b = {b_.address, product(shape.n, shape.k, 1), seed_b, static_cast<uint32_t>(data)};
  launch(fill, 1024, 256, 0, &a);
  launch(fill, 1024, 256, 0, &b);
  PruneArguments p = {a_.address, pruned_.address, kept_.address, metadata_.address, shape.m, shape.k};
  launch(prune, (product(shape.m, shape.k, 1) / 32 + 127) / 128, 128, 0, &p);
  CUDA(cuCtxSynchronize);
}

void Problem::poison() const { d_.fill(0xA5); }

void Problem::multiply(const Gemm& gemm, bool half_output) const {
  GemmArguments g = {gemm.sparse ? kept_.address : pruned_.address,
                     b_.address,
                     metadata_.address,
                     d_.address,
                     shape.m,
                     shape.n,
                     shape.k,
                     half_output};
  launch(gemm.function,
         static_cast<uint64_t>(shape.m / gemm.family->m) * static_cast<uint64_t>(shape.n / gemm.family->n),
         gemm.family->threads, gemm.shared_bytes, &g);
}

CheckReport Problem::check(bool half_output) const {
  CheckReport report = {0, ~0ull, 0};
  report_.write(&report, 0, sizeof report);
  CheckArguments c = {pruned_.address, b_.address, d_.address, report_.address,
                      shape.m,         shape.n,    shape.k,    half_output};
  launch(find_kernel("check", element, nullptr),
         static_cast<uint64_t>(shape.m / 64) * static_cast<uint64_t>(shape.n / 64), 256, 0, &c);
  report_.read(&report, 0, sizeof report);
  return report;
}

CheckReport Problem::run(const Gemm& gemm, bool half_output) const {
  poison();
  multiply(gemm, half_output);
  CUDA(cuCtxSynchronize);
  return check(half_output);
}
