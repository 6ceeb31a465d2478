// How the tests describe the GPU: see hostcheck/smoke/program/README.md.
#pragma once
#include <stdlib.h>
#include <string.h>

inline const char* text(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value && *value ? value : otherwise;
}
inline long number(const char* name, long otherwise) {
  return strtol(text(name, ""), nullptr, 0) ?: otherwise;
}
// Is `name` among the comma-separated faults?
inline bool fault(const char* name) {
  const size_t n = strlen(name);
  for (const char* list = text("FAKE_GPU_FAULT", "");; list += strcspn(list, ",") + 1) {
    if (strcspn(list, ",") == n && !strncmp(list, name, n)) return true;
    if (!strchr(list, ',')) return false;
  }
}
inline const char* gpu_name() { return text("FAKE_GPU_NAME", "Fake GPU"); }
// The i-th of the comma-separated addresses; false past the last.
inline bool pci_address(int i, char* to, size_t room) {
  const char* list = text("FAKE_GPU_PCI", "0000:02:00.0");
  for (; i > 0; --i) {
    list = strchr(list, ',');
    if (!list) return false;
    ++list;
  }
  const size_t n = strcspn(list, ",");
  if (n == 0 || n + 1 > room) return false;
  memcpy(to, list, n);
  to[n] = 0;
  return true;
}
#define EXPORT extern "C" __attribute__((visibility("default")))
