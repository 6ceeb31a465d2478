// The order of the test. What each part does is in its own file.
#include <string.h>

#include "../tile.h"

#include "document.h"
#include "gpu.h"
#include "kernels.h"
#include "layout_probe.h"
#include "options.h"
#include "paths.h"
#include "speed.h"
#include "verify.h"

namespace {

// A shape in elements of this type, whose K is never less than asked for.
Shape in_elements(Shape asked, const Element& element) {
  asked.k = (asked.k / element.numbers + K_MULTIPLE - 1) / K_MULTIPLE * K_MULTIPLE;
  return asked;
}

// What --types defaults to: int8 and fp16, and where the tensor cores have no int8 (10.3), fp16 and fp8.
const char* types_for(const Family& family) {
  return find_kernel("sparse", elements[0], &family) ? "int8,fp16" : "fp16,fp8";
}

// Writes "health". Returns null, or why the GPU fails.
const char* judge_health(const nvml::Health& before, bool* hardware_says_so) {
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
  *hardware_says_so = true;
  if (xids > 0) {
    *hardware_says_so = !nvml::may_be_the_programs(xid);
    return "an Xid event came during the test";
  }
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
  const char* types = options.types ? options.types : types_for(family);
  const char* proof = proven_on(gpu, family);
  if (proof) json::text("proven_on", proof);
  else json::null("proven_on");
  json::boolean("speed_judged", speed_is_judged(gpu, family));
  if (is_doubtful(gpu, family)) doubt(family.description);

  const char* failed = nullptr;
  const char* failed_type = "";
  const char* slowest_type = "";
  double slowest = 1e9;
  int tested = 0;
  json::open_array("results");
  for (const Element& element : elements) {
    const bool all = !strcmp(types, "all");
    if (failed || (!all && !listed(types, element.name))) continue;
    if (!find_kernel("sparse", element, &family)) {
      if (!all && element.integer && family.instruction == Instruction::tcgen05)
        note("%s: not applicable, the tensor cores of compute capability %d.%d have none", element.name,
             gpu.major, gpu.minor);
      else if (!all) note("%s: no sparse %s kernels for this GPU", element.name, family.name);
      continue;
    }
    ++tested;
    json::open_object(nullptr);
    json::text("dtype", element.name);
    json::text("accumulate", element.accumulator);
    if (!(family.instruction == Instruction::tcgen05 ? probe_path(element, family) : probe_layout(element)))
      failed = "metadata do not lie where the PTX manual says";
    if (!failed) failed = verify(element, family, in_elements(options.verify_shape, element));
    if (!failed && !options.quick) {
      double speedup = 0;
      failed = measure(gpu, element, family, in_elements(options.shape, element), options, &speedup);
      if (speedup < slowest) slowest = speedup, slowest_type = element.name;
    }
    if (failed) failed_type = element.name;
    json::close();
  }
  json::close();
  bool hardware_says_so = false;
  const char* sick = judge_health(gpu.health_before, &hardware_says_so);
  if (sick && hardware_says_so)
    finish(Status::fail, "%s%s%s%s%s", failed_type, failed ? ": " : "", failed ? failed : "",
           failed ? "; " : "", sick);
  if (failed) finish_wrong("%s: %s%s%s", failed_type, failed, sick ? "; " : "", sick ? sick : "");
  if (sick) finish_wrong("%s", sick);
  if (!tested) finish(Status::not_applicable, "this GPU has none of the types %s", types);
  const double least = options.min_speedup >= 0 ? options.min_speedup : LEAST_SPEEDUP;
  if (slowest < least && options.min_speedup < 0 && !speed_is_judged(gpu, family))
    note(
        "%s: sparse is %.3f times as fast as dense, which is not judged: no figure of a healthy GPU is known "
        "for %s "
        "on compute capability %d.%d",
        slowest_type, slowest, family.description, gpu.major, gpu.minor);
  else if (slowest < least)
    finish(Status::slow, "%s: right, but sparse is %.3f times as fast as dense, below %.2f%s%s", slowest_type,
           slowest, least,
           gpu.sharing == Sharing::time_sliced ? "; the GPU may be shared with other VMs" : "",
           gpu.licensed.known && !gpu.licensed.value ? "; the guest has no vGPU licence" : "");
  finish(Status::pass, "%s", "");
}
