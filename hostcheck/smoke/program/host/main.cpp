// The order of the test. What each part does is in its own file.
#include <string.h>

#include "document.h"
#include "gpu.h"
#include "kernels.h"
#include "layout_probe.h"
#include "options.h"
#include "speed.h"
#include "verify.h"

namespace {

// Writes "health". Returns null, or why the GPU fails.
const char* judge_health(const nvml::Health& before) {
  enter_phase("health");
  const nvml::Health after = nvml::health();
  unsigned long long xid = 0;
  const int xids = nvml::new_xids(&xid);
  json::open_object("health");
  nvml::write_health("before", before);
  nvml::write_health("after", after);
  if (xids >= 0) json::integer("xid_events", xids);
  else json::null("xid_events");
  if (xids > 0) json::integer("xid_first", static_cast<long long>(xid));
  json::close();
  if (xids > 0) return "an Xid event came during the test";
  if (before.ecc_uncorrected.known && after.ecc_uncorrected.known &&
      after.ecc_uncorrected.value > before.ecc_uncorrected.value)
    return "uncorrected ECC errors came during the test";
  return nullptr;
}

}  // namespace

int main(int count, char** words) {
  const Options options = parse_options(count, words);
  watch(options.timeout_s);
  const Gpu gpu = choose_gpu(options.device);
  open_context(gpu);
  load_module(gpu);
  const Family& family = choose_family(gpu, options.kernels);

  const char* failed = nullptr;
  const char* failed_type = "";
  const char* slowest_type = "";
  double slowest = 1e9;
  int tested = 0;
  json::open_array("results");
  for (const Element& element : elements) {
    const bool all = !strcmp(options.types, "all");
    if (failed || (!all && !listed(options.types, element.name))) continue;
    if (!find_kernel("sparse", element, &family)) {
      if (!all) note("%s: no sparse %s kernels for this GPU", element.name, family.name);
      continue;
    }
    ++tested;
    json::open_object(nullptr);
    json::text("dtype", element.name);
    json::text("accumulate", element.accumulator);
    if (!probe_layout(element)) failed = "metadata do not lie where the PTX manual says";
    if (!failed) failed = verify(element, family, options.verify_shape);
    if (!failed && !options.quick) {
      double speedup = 0;
      failed = measure(gpu, element, family, options, &speedup);
      if (speedup < slowest) slowest = speedup, slowest_type = element.name;
    }
    if (failed) failed_type = element.name;
    json::close();
  }
  json::close();
  const char* sick = judge_health(gpu.health_before);
  if (failed) finish(Status::fail, "%s: %s%s%s", failed_type, failed, sick ? "; " : "", sick ? sick : "");
  if (sick) finish(Status::fail, "%s", sick);
  if (!tested) finish(Status::not_applicable, "this GPU has none of the types %s", options.types);
  if (slowest < options.min_speedup)
    finish(Status::slow, "%s: right, but sparse is %.3f times as fast as dense, below %.2f%s%s", slowest_type,
           slowest, options.min_speedup,
           gpu.sharing == Sharing::time_sliced ? "; the GPU may be shared with other VMs" : "",
           gpu.licensed.known && !gpu.licensed.value ? "; the guest has no vGPU licence" : "");
  finish(Status::pass, "%s", "");
}
