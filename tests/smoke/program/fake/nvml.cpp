// A libnvidia-ml.so.1 for tests: one healthy GPU, or the sickness that the environment asks for.
#include <stdio.h>

#include "environment.h"

namespace {
constexpr int OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TIMEOUT = 10;
int ecc_questions, xid_questions;
bool vgpu() {
  const char* dash = strrchr(gpu_name(), '-');
  const bool named = dash && dash[1] >= '0' && dash[1] <= '9' && strpbrk(dash, "ABCQ");
  return !strcmp(text("FAKE_GPU_VIRTUALIZATION", named ? "vgpu" : "passthrough"), "vgpu");
}
struct Feature {
  unsigned code, licensed;
  char info[128], product[128];
  unsigned enabled, year;
  unsigned short date[5];
  unsigned char expiry;
};
struct Features {
  int supported;
  unsigned count;
  Feature feature[3];
};
struct Event {
  void* device;
  unsigned long long type, data;
  unsigned gpu_instance, compute_instance;
};
}  // namespace

EXPORT int nvmlInit_v2() { return OK; }
EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char* pci, void** device) {
  char known[64];
  for (int i = 0; pci_address(i, known, sizeof known); ++i)
    if (!strcmp(pci, known)) {
      *device = reinterpret_cast<void*>(static_cast<size_t>(i) + 1);
      return OK;
    }
  return NOT_FOUND;
}
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned i, void** device) {
  char known[64];
  if (fault("no-device") || !pci_address(static_cast<int>(i), known, sizeof known)) return NOT_FOUND;
  *device = reinterpret_cast<void*>(static_cast<size_t>(i) + 1);
  return OK;
}
EXPORT int nvmlDeviceGetName(void*, char* to, unsigned room) {
  snprintf(to, room, "%s", gpu_name());
  return OK;
}
EXPORT int nvmlSystemGetDriverVersion(char* to, unsigned room) {
  snprintf(to, room, "550.54.10");
  return OK;
}
EXPORT int nvmlDeviceGetVirtualizationMode(void*, int* mode) {
  *mode = vgpu() ? 2 : !strcmp(text("FAKE_GPU_VIRTUALIZATION", ""), "none") ? 0 : 1;
  return OK;
}
EXPORT int nvmlDeviceGetMigMode(void*, unsigned*, unsigned*) { return NOT_SUPPORTED; }
EXPORT int nvmlDeviceGetGridLicensableFeatures_v4(void*, Features* features) {
  memset(features, 0, sizeof *features);
  features->supported = vgpu();
  features->count = vgpu();
  features->feature[0].licensed = strcmp(text("FAKE_GPU_LICENSED", "1"), "0") != 0;
  return OK;
}
EXPORT int nvmlDeviceGetTotalEccErrors(void*, int kind, int, unsigned long long* count) {
  *count = kind == 1 && fault("ecc") && ecc_questions++ > 0;
  return OK;
}
EXPORT int nvmlDeviceGetClockInfo(void*, int kind, unsigned* mhz) {
  *mhz = kind == 1 ? 1410 : 1215;
  return OK;
}
EXPORT int nvmlDeviceGetTemperature(void*, int, unsigned* celsius) {
  *celsius = 41;
  return OK;
}
EXPORT int nvmlDeviceGetPowerUsage(void*, unsigned*) { return NOT_SUPPORTED; }
EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* reasons) {
  *reasons = 0;
  return OK;
}
EXPORT int nvmlEventSetCreate(void** set) {
  *set = &xid_questions;
  return OK;
}
EXPORT int nvmlDeviceRegisterEvents(void*, unsigned long long, void*) { return OK; }
EXPORT int nvmlEventSetWait_v2(void*, Event* event, unsigned) {
  if (!fault("xid") || xid_questions++ > 0) return TIMEOUT;
  event->data = static_cast<unsigned long long>(number("FAKE_GPU_XID", 79));
  return OK;
}
