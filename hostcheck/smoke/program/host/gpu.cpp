#include "gpu.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

namespace {

constexpr int LEAST_SHARED_BYTES = 96 << 10;  // what the narrow kernels need, twice over
constexpr size_t LEAST_FREE_BYTES = 512ull << 20;

struct PciAddress {
  unsigned domain = 0, bus = 0, device = 0, function = 0;
  bool operator==(const PciAddress& o) const {
    return domain == o.domain && bus == o.bus && device == o.device && function == o.function;
  }
};

// 0000:3b:00.0, 00000000:3B:00.0, 3b:00.0: hexadecimal, and the domain may be missing.
bool parse(const char* text, PciAddress* address) {
  int read = 0;
  *address = {};
  if (sscanf(text, "%8x:%2x:%2x.%1x%n", &address->domain, &address->bus, &address->device, &address->function,
             &read) == 4 &&
      !text[read])
    return true;
  *address = {};
  return sscanf(text, "%2x:%2x.%1x%n", &address->bus, &address->device, &address->function, &read) == 3 &&
         !text[read];
}

int attribute(cuda::Attribute which, cuda::Device device) {
  int value = 0;
  CUDA(cuDeviceGetAttribute, &value, which, device);
  return value;
}
int attribute_or_zero(cuda::Attribute which, cuda::Device device) {
  int value = 0;
  return cuda::cuDeviceGetAttribute(&value, which, device) ? 0 : value;
}

// cuInit found nothing. Virtual GPUs of the A and B series are there for NVML and not for CUDA.
[[noreturn]] void no_cuda_device(const char* why) {
  char name[96];
  for (int i = 0; nvml::name_of(i, name, sizeof name); ++i) {
    const char series = profile_of(name).series;
    if (series == 'A' || series == 'B')
      finish(Status::not_applicable,
             "vGPU %s: profiles of the %c series do not run CUDA; give the VM a C or Q profile", name,
             series);
  }
  finish(Status::no_device, "no CUDA device: %s", why);
}

cuda::Device device_called(const char* which, int* index) {
  int count = 0;
  CUDA(cuDeviceGetCount, &count);
  if (count == 0) no_cuda_device("the driver counts none");
  PciAddress wanted;
  cuda::Device device = 0;
  if (parse(which, &wanted)) {
    for (*index = 0; *index < count; ++*index) {
      char text[32] = "";
      PciAddress seen;
      CUDA(cuDeviceGet, &device, *index);
      CUDA(cuDeviceGetPCIBusId, text, sizeof text, device);
      if (parse(text, &seen) && seen == wanted) return device;
    }
    finish(Status::no_device, "no CUDA device at %s among %d", which, count);
  }
  char* end;
  const long number = strtol(which, &end, 10);
  if (end == which || *end || number < 0)
    finish(Status::usage, "--device %s: an index like 0 or an address like 0000:3b:00.0", which);
  if (number >= count)
    finish(Status::no_device, "no CUDA device %ld: there %s %d", number, count == 1 ? "is" : "are", count);
  *index = static_cast<int>(number);
  CUDA(cuDeviceGet, &device, *index);
  return device;
}

Sharing sharing_of(const char* name) {
  const nvml::Reading mig = nvml::mig_enabled();
  const Profile profile = profile_of(name);
  if ((mig.known && mig.value) || profile.mig_backed || strstr(name, " MIG ")) return Sharing::mig;
  const nvml::Virtualization mode = nvml::virtualization();
  if (mode == nvml::Virtualization::vgpu || profile.series) return Sharing::time_sliced;
  return mode == nvml::Virtualization::unknown ? Sharing::unknown : Sharing::none;
}

}  // namespace

// NVIDIA vGPU names: board, then "-<GiB><series>", or "-<slices>-<GiB><series>[ME]" when backed by MIG.
// (Virtual GPU Software User Guide, "Virtual GPU Types for Supported GPUs".)
Profile profile_of(const char* name) {
  const char* dash = strrchr(name, '-');
  if (!dash || !isdigit(static_cast<unsigned char>(dash[1]))) return {0, false};
  const char* series = dash + 1;
  while (isdigit(static_cast<unsigned char>(*series))) ++series;
  if (!*series || !strchr("ABCQ", *series) || (series[1] && strcmp(series + 1, "ME"))) return {0, false};
  const char* before = dash;
  while (before > name && isdigit(static_cast<unsigned char>(before[-1]))) --before;
  return {*series, before < dash && before > name && before[-1] == '-'};
}

Gpu choose_gpu(const char* which) {
  enter_phase("driver");
  const bool have_nvml = nvml::open();
  cuda::open_driver();
  const cuda::Result started = cuda::cuInit(0);
  if (started == cuda::NO_DEVICE) no_cuda_device("cuInit: CUDA_ERROR_NO_DEVICE");
  cuda::check(started, "cuInit");

  Gpu gpu = {};
  int index = 0, driver = 0;
  gpu.device = device_called(which, &index);
  char name[128] = "", pci[32] = "", version[96];
  size_t memory = 0;
  CUDA(cuDeviceGetName, name, sizeof name, gpu.device);
  CUDA(cuDeviceGetPCIBusId, pci, sizeof pci, gpu.device);
  CUDA(cuDeviceTotalMem_v2, &memory, gpu.device);
  CUDA(cuDriverGetVersion, &driver);
  gpu.major = attribute(cuda::CC_MAJOR, gpu.device);
  gpu.minor = attribute(cuda::CC_MINOR, gpu.device);
  gpu.multiprocessors = attribute(cuda::MULTIPROCESSORS, gpu.device);
  gpu.clock_khz = attribute_or_zero(cuda::CLOCK_KHZ, gpu.device);
  gpu.shared_bytes = attribute(cuda::SHARED_BYTES_OPT_IN, gpu.device);
  gpu.memory_clock_khz = attribute_or_zero(cuda::MEMORY_CLOCK_KHZ, gpu.device);
  gpu.memory_bus_bits = attribute_or_zero(cuda::MEMORY_BUS_BITS, gpu.device);
  if (!nvml::choose(pci))
    note("%s: clocks, ECC and Xid events were not read",
         have_nvml ? "NVML does not know this GPU" : "libnvidia-ml.so.1 is missing");
  gpu.sharing = sharing_of(name);
  gpu.licensed = nvml::licensed();
  gpu.health_before = nvml::health();

  constexpr const char* modes[] = {"none", "passthrough", "vgpu", "host_vgpu", "host_vsga"};
  constexpr const char* sharings[] = {"unknown", "none", "mig", "time_sliced"};
  const nvml::Virtualization mode = nvml::virtualization();
  char number[16];
  json::open_object("gpu");
  json::integer("index", index);
  json::text("name", name);
  json::text("pci", pci);
  snprintf(number, sizeof number, "%d.%d", gpu.major, gpu.minor);
  json::text("cc", number);
  json::integer("sms", gpu.multiprocessors);
  if (gpu.clock_khz) json::integer("clock_mhz", gpu.clock_khz / 1000);
  else json::null("clock_mhz");
  json::integer("mem_mib", static_cast<long long>(memory >> 20));
  json::integer("smem_optin", gpu.shared_bytes);
  json::boolean("ecc_enabled", attribute_or_zero(cuda::ECC_ENABLED, gpu.device) != 0);
  if (nvml::driver_version(version, sizeof version)) json::text("driver", version);
  else json::null("driver");
  snprintf(number, sizeof number, "%d.%d", driver / 1000, driver % 1000 / 10);
  json::text("driver_cuda", number);
  if (mode == nvml::Virtualization::unknown) json::null("virtualization");
  else json::text("virtualization", modes[static_cast<int>(mode)]);
  json::text("sharing", sharings[static_cast<int>(gpu.sharing)]);
  if (gpu.licensed.known) json::boolean("licensed", gpu.licensed.value != 0);
  else json::null("licensed");
  json::close();

  const char series = profile_of(name).series;
  if (series == 'A' || series == 'B')
    finish(Status::not_applicable,
           "vGPU %s: profiles of the %c series are not for CUDA; give the VM a C or Q profile", name, series);
  if (gpu.major < 8)
    finish(Status::not_applicable, "compute capability %d.%d: sparse tensor cores came with 8.0 (Ampere)",
           gpu.major, gpu.minor);
  if (gpu.shared_bytes < LEAST_SHARED_BYTES)
    finish(Status::not_applicable, "%d bytes of shared memory per block: the kernels need %d",
           gpu.shared_bytes, LEAST_SHARED_BYTES);
  if (gpu.sharing == Sharing::time_sliced)
    note(
        "a vGPU whose GPU other VMs may share in time: the sparse/dense ratio is meaningful, the TOPS are "
        "not");
  if (gpu.licensed.known && !gpu.licensed.value)
    note("the vGPU guest has no licence: its driver limits performance and may refuse CUDA");
  return gpu;
}

size_t open_context(const Gpu& gpu) {
  enter_phase("context");
  cuda::Context context;
  const cuda::Result made = cuda::cuDevicePrimaryCtxRetain(&context, gpu.device);
  if (made && gpu.licensed.known && !gpu.licensed.value)
    finish(Status::not_applicable, "CUDA is refused to a vGPU guest without a licence: %s",
           cuda::error_name(made));
  cuda::check(made, "cuDevicePrimaryCtxRetain");
  CUDA(cuCtxSetCurrent, context);
  size_t free = 0, total = 0;
  CUDA(cuMemGetInfo_v2, &free, &total);
  json::integer("mem_free_mib", static_cast<long long>(free >> 20));
  if (free < LEAST_FREE_BYTES)
    finish(Status::not_applicable, "framebuffer too small: %zu of %zu MiB are free and 512 are needed",
           free >> 20, total >> 20);
  return free;
}
