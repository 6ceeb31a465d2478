#include "nvml.h"

#include <dlfcn.h>
#include <string.h>

#include "document.h"

// Declarations: NVML API reference (docs.nvidia.com/deploy/nvml-api).
namespace nvml {
namespace {

using Device = void*;
using EventSet = void*;

struct EventData {  // nvmlEventData_t
  Device device;
  unsigned long long type, data;
  unsigned gpu_instance, compute_instance;
};
struct LicensableFeature {  // nvmlGridLicensableFeature_t
  unsigned code, licensed;
  char info[128], product[128];
  unsigned enabled;
  unsigned year;
  unsigned short month, day, hour, minute, second;
  unsigned char expiry;
};
struct LicensableFeatures {  // nvmlGridLicensableFeatures_t
  int supported;
  unsigned count;
  LicensableFeature feature[3];
};

#define NVML_FUNCTIONS(X)                                                                                \
  X(Init_v2, (void))                                                                                     \
  X(DeviceGetHandleByPciBusId_v2, (const char*, Device*))                                                \
  X(DeviceGetHandleByIndex_v2, (unsigned, Device*))                                                      \
  X(DeviceGetName, (Device, char*, unsigned)) X(SystemGetDriverVersion, (char*, unsigned))               \
      X(DeviceGetVirtualizationMode, (Device, int*)) X(DeviceGetMigMode, (Device, unsigned*, unsigned*)) \
          X(DeviceGetGridLicensableFeatures_v4, (Device, LicensableFeatures*))                           \
              X(DeviceGetTotalEccErrors, (Device, int, int, unsigned long long*))                        \
                  X(DeviceGetClockInfo, (Device, int, unsigned*))                                        \
                      X(DeviceGetTemperature, (Device, int, unsigned*))                                  \
                          X(DeviceGetPowerUsage, (Device, unsigned*))                                    \
                              X(DeviceGetCurrentClocksThrottleReasons, (Device, unsigned long long*))    \
                                  X(EventSetCreate, (EventSet*))                                         \
                                      X(DeviceRegisterEvents, (Device, unsigned long long, EventSet))    \
                                          X(EventSetWait_v2, (EventSet, EventData*, unsigned))
#define DECLARE(name, arguments) int(*name) arguments;
NVML_FUNCTIONS(DECLARE)
#undef DECLARE

constexpr int CORRECTED = 0, UNCORRECTED = 1, VOLATILE = 0;
constexpr int SM_CLOCK = 1, MEMORY_CLOCK = 2, GPU_TEMPERATURE = 0;
constexpr unsigned long long XID_CRITICAL = 8;  // nvmlEventTypeXidCriticalError

bool opened;
Device gpu;
EventSet xids;

// Asks one question; what cannot be asked or is refused stays unknown.
template <class Value, class... Given, class... Arguments>
Reading ask(int (*function)(Given...), Value value, Arguments... arguments) {
  if (!gpu || !function || function(gpu, arguments..., &value)) return {};
  return {true, static_cast<unsigned long long>(value)};
}

}  // namespace

bool open() {
  void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return false;
#define LOAD(name, arguments) name = reinterpret_cast<int(*) arguments>(dlsym(library, "nvml" #name));
  NVML_FUNCTIONS(LOAD)
#undef LOAD
  opened = Init_v2 && Init_v2() == 0;
  return opened;
}

bool choose(const char* pci) {
  if (!opened || !DeviceGetHandleByPciBusId_v2 || DeviceGetHandleByPciBusId_v2(pci, &gpu)) {
    gpu = nullptr;
    return false;
  }
  if (!EventSetCreate || !DeviceRegisterEvents || EventSetCreate(&xids)) xids = nullptr;
  else if (DeviceRegisterEvents(gpu, XID_CRITICAL, xids)) xids = nullptr;
  return true;
}

bool name_of(int index, char* name, int room) {
  Device device;
  return opened && DeviceGetHandleByIndex_v2 && DeviceGetName &&
         DeviceGetHandleByIndex_v2(static_cast<unsigned>(index), &device) == 0 &&
         DeviceGetName(device, name, static_cast<unsigned>(room)) == 0;
}

bool driver_version(char* text, int room) {
  return opened && SystemGetDriverVersion && SystemGetDriverVersion(text, static_cast<unsigned>(room)) == 0;
}

Virtualization virtualization() {
  const Reading mode = ask(DeviceGetVirtualizationMode, 0);
  return mode.known && mode.value <= 4 ? static_cast<Virtualization>(mode.value) : Virtualization::unknown;
}

Reading mig_enabled() {
  unsigned current = 0, pending = 0;
  if (!gpu || !DeviceGetMigMode || DeviceGetMigMode(gpu, &current, &pending)) return {};
  return {true, current};
}

Reading licensed() {
  LicensableFeatures features;
  memset(&features, 0, sizeof features);
  if (!gpu || !DeviceGetGridLicensableFeatures_v4 || DeviceGetGridLicensableFeatures_v4(gpu, &features) ||
      !features.supported || features.count == 0)
    return {};
  for (unsigned i = 0; i < features.count && i < 3; ++i)
    if (features.feature[i].licensed) return {true, 1};
  return {true, 0};
}

Health health() {
  Health h;
  h.ecc_corrected = ask(DeviceGetTotalEccErrors, 0ull, CORRECTED, VOLATILE);
  h.ecc_uncorrected = ask(DeviceGetTotalEccErrors, 0ull, UNCORRECTED, VOLATILE);
  h.sm_mhz = ask(DeviceGetClockInfo, 0u, SM_CLOCK);
  h.memory_mhz = ask(DeviceGetClockInfo, 0u, MEMORY_CLOCK);
  h.temperature_c = ask(DeviceGetTemperature, 0u, GPU_TEMPERATURE);
  h.power_mw = ask(DeviceGetPowerUsage, 0u);
  h.clock_event_reasons = ask(DeviceGetCurrentClocksThrottleReasons, 0ull);
  return h;
}

int new_xids(unsigned long long* first) {
  if (!xids || !EventSetWait_v2) return -1;
  EventData event;
  int count = 0;
  while (count < 64 && EventSetWait_v2(xids, &event, 0) == 0)
    if (count++ == 0) *first = event.data;
  return count;
}

void write_health(const char* key, const Health& h) {
  const struct {
    const char* key;
    const Reading& reading;
  } all[] = {{"ecc_corrected", h.ecc_corrected},
             {"ecc_uncorrected", h.ecc_uncorrected},
             {"sm_mhz", h.sm_mhz},
             {"memory_mhz", h.memory_mhz},
             {"temperature_c", h.temperature_c},
             {"power_mw", h.power_mw},
             {"clock_event_reasons", h.clock_event_reasons}};
  json::open_object(key);
  for (const auto& one : all) {
    if (one.reading.known) json::integer(one.key, static_cast<long long>(one.reading.value));
    else json::null(one.key);
  }
  json::close();
}

}  // namespace nvml
