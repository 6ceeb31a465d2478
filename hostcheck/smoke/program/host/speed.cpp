#include "speed.h"

#include <stdlib.h>

#include "document.h"
#include "paths.h"
#include "reference.h"
#include "shape.h"

namespace {

constexpr uint32_t SEED = 23;
constexpr uint64_t MOST_BYTES = 480ull << 20;  // a guest's framebuffer is not ours to fill
constexpr int MOST_PAIRS = 200;

struct Events {
  cuda::Event all[2 * MOST_PAIRS + 1];
  int count;
  explicit Events(int n) : count(n) {
    for (int i = 0; i < n; ++i) CUDA(cuEventCreate, &all[i], 0);
  }
  ~Events() {
    for (int i = 0; i < count; ++i) CUDA(cuEventDestroy_v2, all[i]);
  }
};

int by_size(const void* a, const void* b) {
  const double x = *static_cast<const double*>(a), y = *static_cast<const double*>(b);
  return (x > y) - (x < y);
}
struct Spread {
  double least, median, most;
};
Spread spread(double* values, int n) {
  qsort(values, static_cast<size_t>(n), sizeof *values, by_size);
  return {values[0], n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2, values[n - 1]};
}

}  // namespace

const char* measure(const Gpu& gpu, const Element& element, const Family& family, Shape asked,
                    const Options& options, double* speedup) {
  enter_phase("full size");
  size_t free = 0, total = 0;
  CUDA(cuMemGetInfo_v2, &free, &total);
  const uint64_t most = static_cast<uint64_t>(free) / 10 * 6;
  const int at_once = gpu.multiprocessors * family.blocks_per_sm;
  const Shape shape = asked.m ? asked
                              : choose_shape(element.bytes, family.m, family.n, at_once,
                                             most < MOST_BYTES ? most : MOST_BYTES);
  const Problem p(element, shape, SEED);
  const Gemm dense = gemm_of(element, family, false), sparse = gemm_of(element, family, true);
  const bool half_output = element.bytes == 2;
  p.fill(Data::exact);
  uint64_t wrong = p.run(dense, half_output).wrong;
  if (half_output) wrong += p.run(sparse, half_output).wrong;  // exactly what is timed below
  wrong += p.run(sparse).wrong;
  const Count sampled = compare_samples(p);

  enter_phase("timing");
  if (!element.integer) p.fill(Data::wide);  // int8's exact data are wide already
  const double warm_until = seconds_now() + options.warm_up_ms * 1e-3;
  do {  // by time, not by count: clocks take a while to rise from idle
    p.multiply(dense, half_output);
    p.multiply(sparse, half_output);
    CUDA(cuCtxSynchronize);
  } while (seconds_now() < warm_until);
  const Events events(2 * options.pairs + 1);
  CUDA(cuEventRecord, events.all[0], nullptr);
  for (int i = 0; i < options.pairs; ++i) {  // queued without a pause: no launch is waited for
    p.multiply(dense, half_output);
    CUDA(cuEventRecord, events.all[2 * i + 1], nullptr);
    p.multiply(sparse, half_output);
    CUDA(cuEventRecord, events.all[2 * i + 2], nullptr);
  }
  const nvml::Health busy = nvml::health();  // while the queue runs
  CUDA(cuCtxSynchronize);

  double dense_ms[MOST_PAIRS], sparse_ms[MOST_PAIRS], ratio[MOST_PAIRS];
  for (int i = 0; i < options.pairs; ++i) {
    float ms;
    CUDA(cuEventElapsedTime, &ms, events.all[2 * i], events.all[2 * i + 1]);
    dense_ms[i] = ms;
    CUDA(cuEventElapsedTime, &ms, events.all[2 * i + 1], events.all[2 * i + 2]);
    sparse_ms[i] = ms;
    ratio[i] = dense_ms[i] / sparse_ms[i];
  }
  const Spread d = spread(dense_ms, options.pairs), s = spread(sparse_ms, options.pairs),
               r = spread(ratio, options.pairs);
  *speedup = r.median;

  const double tera_operations =
      2e-12 * shape.m * shape.n * shape.k * element.numbers;  // of the dense product, for both
  const double dense_tops = tera_operations / d.median * 1e3, sparse_tops = tera_operations / s.median * 1e3;
  const uint64_t m = static_cast<uint64_t>(shape.m), n = static_cast<uint64_t>(shape.n),
                 k = static_cast<uint64_t>(shape.k);
  const uint64_t e = static_cast<uint64_t>(element.bytes);
  const uint64_t least_bytes = m * k / 2 * e + m * k / 8 + n * k * e + m * n * (half_output ? 2 : 4);
  json::open_object("speed");
  json::integer("m", shape.m);
  json::integer("n", shape.n);
  json::integer("k", shape.k * element.numbers);
  json::decimal("waves", static_cast<double>(shape.m / family.m) * (shape.n / family.n) / at_once, 3);
  json::integer("pairs", options.pairs);
  json::decimal("dense_ms", d.median, 4);
  json::decimal("sparse_ms", s.median, 4);
  json::decimal("dense_tops", dense_tops, 1);
  json::decimal("sparse_tops", sparse_tops, 1);
  json::decimal("speedup", r.median, 3);
  json::decimal("speedup_min", r.least, 3);
  json::decimal("speedup_max", r.most, 3);
  const Peak limit = peak_of(gpu, family, element);
  if (limit.multiply_adds && gpu.clock_khz) {
    const double peak = 2e-9 * limit.multiply_adds * gpu.multiprocessors * gpu.clock_khz;
    json::decimal("peak_dense_tops", peak, 1);
    json::decimal("dense_of_peak", dense_tops / peak, 3);
    json::decimal("sparse_of_peak", sparse_tops / (2 * peak), 3);
  } else {
    json::null("peak_dense_tops");
    json::null("dense_of_peak");
    json::null("sparse_of_peak");
    json::text("peak_why", limit.why ? limit.why : "the driver does not tell the clock");
  }
  // The other side of the roof: what reading each operand and writing D once would take. Two bits per clock
  // and wire (double data rate).
  if (gpu.memory_clock_khz && gpu.memory_bus_bits)
    json::decimal("sparse_memory_ms",
                  static_cast<double>(least_bytes) / (2.0 * gpu.memory_clock_khz * gpu.memory_bus_bits / 8),
                  4);
  else json::null("sparse_memory_ms");
  json::integer("full_bad_gpu", static_cast<long long>(wrong));
  json::integer("sampled", static_cast<long long>(sampled.elements));
  json::integer("sampled_bad_cpu", static_cast<long long>(sampled.wrong));
  nvml::write_health("busy", busy);
  json::close();
  return wrong || sampled.wrong ? "the tensor cores compute wrong results at full size" : nullptr;
}
