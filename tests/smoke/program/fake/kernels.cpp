// Compiles the kernels' own source against this directory's instructions.h. The families and types are chosen
// on the command line: -DWIDE=1 -DNARROW=1 -DWGMMA=1
// -DTCGEN05=1; a mutant needs only those that it concerns.
#include <stdlib.h>
#include <string.h>

#define EACH_TCGEN05(X) EACH_TYPE(X)
#include <kernels.cu>

#include "kernels.h"

#define ENTRY(name, Arguments) {#name, [](const void* p) { name(*static_cast<const Arguments*>(p)); }},
#define COMMON_ENTRIES(type, Type)  \
  ENTRY(fill_##type, FillArguments) \
  ENTRY(prune_##type, PruneArguments) ENTRY(check_##type, CheckArguments) ENTRY(probe_##type, ProbeArguments)
#define WIDE_ENTRIES(type, Type) \
  ENTRY(sparse_##type##_wide, GemmArguments) ENTRY(dense_##type##_wide, GemmArguments)
#define NARROW_ENTRIES(type, Type) \
  ENTRY(sparse_##type##_narrow, GemmArguments) ENTRY(dense_##type##_narrow, GemmArguments)
#define WGMMA_ENTRIES(type, Type) \
  ENTRY(sparse_##type##_wgmma, GemmArguments) ENTRY(dense_##type##_wgmma, GemmArguments)
#define TCGEN05_ENTRIES(type, Type) \
  ENTRY(sparse_##type##_tcgen05, GemmArguments) ENTRY(dense_##type##_tcgen05, GemmArguments)

const Kernel kernels[] = {
    EACH_TYPE(COMMON_ENTRIES) COMMON_ENTRIES(fp8, Fp8) COMMON_ENTRIES(fp4, Fp4Pair)
#if WIDE
        EACH_TYPE(WIDE_ENTRIES)
#endif
#if NARROW
            EACH_TYPE(NARROW_ENTRIES) NARROW_ENTRIES(fp8, Fp8) NARROW_ENTRIES(fp4, Fp4Pair)
#endif
#if WGMMA
                EACH_TYPE(WGMMA_ENTRIES) WGMMA_ENTRIES(fp8, Fp8)
#endif
#if TCGEN05
                    EACH_TYPE(TCGEN05_ENTRIES) TCGEN05_ENTRIES(fp8, Fp8) TCGEN05_ENTRIES(fp4, Fp4Pair)
#endif
};
const int kernel_count = sizeof kernels / sizeof *kernels;
