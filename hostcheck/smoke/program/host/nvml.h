// Health and identity of the GPU from NVML, as far as it is there: every value may be unknown.
#pragma once

namespace nvml {

struct Reading {
  bool known = false;
  unsigned long long value = 0;
};

struct Health {
  Reading ecc_corrected, ecc_uncorrected;  // volatile counts, since the driver was loaded
  Reading sm_mhz, memory_mhz, temperature_c, power_mw;
  Reading clock_event_reasons;  // bits of nvmlClocksEventReasons: why the clock is not higher
};

enum class Virtualization { unknown = -1, none, passthrough, vgpu, host_vgpu, host_vsga };

// Opens libnvidia-ml.so.1. False where there is none; then everything below is unknown.
bool open();
// Chooses the GPU and starts to listen for its Xid events. False when NVML does not know it.
bool choose(const char* pci);
// The name of GPU `index`, or false: also where CUDA finds none.
bool name_of(int index, char* name, int room);
bool driver_version(char* text, int room);
Virtualization virtualization();
Reading mig_enabled();
Reading licensed();  // of a vGPU guest
Health health();
// How many Xid events came since the last call, -1 if unknown; `first` is the number of the first.
int new_xids(unsigned long long* first);
// Xid events that a faulty program can cause as well as a faulty GPU: 13 and 43 end a process whose kernel
// did something illegal, 31 is a wrong address, 45 follows another. (NVIDIA, "XID Errors".)
constexpr bool may_be_the_programs(unsigned long long xid) {
  return xid == 13 || xid == 31 || xid == 43 || xid == 45;
}

void write_health(const char* key, const Health& health);

}  // namespace nvml
