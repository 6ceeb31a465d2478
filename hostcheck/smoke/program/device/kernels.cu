// All kernels, by name: <what>_<type>[_<family>]. Compiled once per target by NVRTC
// (hostcheck/smoke/build.py), and by the tests for the CPU. -DWIDE, -DNARROW choose the mma.sync families
// that a target can use; wgmma comes by itself.
#include "../arguments.h"
#include "../tile.h"
#include "../types.h"
#include "gemm_mma.h"
#include "gemm_tcgen05.h"
#include "gemm_wgmma.h"
#include "oracle.h"
#include "prepare.h"
#include "probe.h"

#define KERNEL(name, Arguments, threads, per_sm, call) \
  extern "C" __global__ void __launch_bounds__(threads, per_sm) name(Arguments p) { call(p); }
#define GEMM(name, Type, sparse, Family, body)                                              \
  KERNEL(name, GemmArguments, (Tile<Type, sparse, Family>::threads), Family::blocks_per_sm, \
         (body<Tile<Type, sparse, Family>>))
#define PAIR(type, Type, family, Family, body)             \
  GEMM(sparse_##type##_##family, Type, true, Family, body) \
  GEMM(dense_##type##_##family, Type, false, Family, body)
#define COMMON(type, Type)                                  \
  KERNEL(fill_##type, FillArguments, 256, 1, fill<Type>)    \
  KERNEL(prune_##type, PruneArguments, 128, 1, prune<Type>) \
  KERNEL(check_##type, CheckArguments, 256, 2, check<Type>)
#define PROBE(type, Type) KERNEL(probe_##type, ProbeArguments, 32, 1, probe<Type>)

#if !defined(EACH_TYPE)  // tests that change a kernel compile only what it concerns
#define EACH_TYPE(X) X(int8, Int8) X(fp16, Fp16) X(bf16, Bf16)
#endif
#define WITH_WIDE(type, Type) PAIR(type, Type, wide, Wide, gemm_mma)
#define WITH_NARROW(type, Type) PAIR(type, Type, narrow, Narrow, gemm_mma)
#define WITH_WGMMA(type, Type) PAIR(type, Type, wgmma, Warpgroup, gemm_wgmma)
#define WITH_TCGEN05(type, Type) PAIR(type, Type, tcgen05, TensorMemory, gemm_tcgen05)

EACH_TYPE(COMMON)
EACH_TYPE(PROBE)
#if WIDE
EACH_TYPE(WITH_WIDE)
#endif
#if NARROW
EACH_TYPE(WITH_NARROW)
#endif
#if HAS_WGMMA
EACH_TYPE(WITH_WGMMA)
#endif
#if HAS_TCGEN05 && !defined(EACH_TCGEN05)
#if HAS_TCGEN05_INT8
#define EACH_TCGEN05(X) EACH_TYPE(X)
#else
#define EACH_TCGEN05(X) X(fp16, Fp16) X(bf16, Bf16)
#endif
#endif
#if HAS_TCGEN05
EACH_TCGEN05(WITH_TCGEN05)
#endif

#if HAS_FP4_MMA || HAS_TCGEN05_FP4
COMMON(fp4, Fp4Pair)
#endif
#if HAS_FP4_MMA
PROBE(fp4, Fp4Pair)
#if NARROW
WITH_NARROW(fp4, Fp4Pair)
#endif
#endif
#if HAS_TCGEN05_FP4
WITH_TCGEN05(fp4, Fp4Pair)
#endif

#if HAS_FP8_MMA || HAS_WGMMA || HAS_TCGEN05
COMMON(fp8, Fp8)
#endif
#if HAS_FP8_MMA
PROBE(fp8, Fp8)
#if WIDE
WITH_WIDE(fp8, Fp8)
#endif
#if NARROW
WITH_NARROW(fp8, Fp8)
#endif
#endif
#if HAS_WGMMA
WITH_WGMMA(fp8, Fp8)
#endif
#if HAS_TCGEN05
WITH_TCGEN05(fp8, Fp8)
#endif
