// The instructions that the kernels use, as functions: here the PTX itself. The tests compile the same
// kernels with another header of this name, which says in C++ what each instruction does.
// Names and operand order follow the PTX ISA.
#pragma once
#include "../../integers.h"
#include "../../types.h"

// compute capability x 10 of the code being made
#define MADE_FOR __CUDA_ARCH__ / 10
// fp8 in mma.sync is one instruction on sm_89 and sm_120 only; sm_90 and sm_100 convert it to fp16 in
// software, which spills (seen in their machine code) and says nothing about their fp8 units.
#if MADE_FOR == 89 || MADE_FOR >= 120
#define HAS_FP8_MMA 1
#endif
// Block-scaled sparse fp4 in mma.sync needs sm_120a (ptxas refuses it for sm_120 and sm_120f).
#if defined(__CUDA_ARCH_FEAT_SM120_ALL)
#define HAS_FP4_MMA 1
#endif
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HAS_WGMMA 1
#endif

extern __shared__ __align__(1024) uint8_t shared_memory[];

__forceinline__ uint32_t shared_base() {
  return static_cast<uint32_t>(__cvta_generic_to_shared(shared_memory));
}

// ---- copies --------------------------------------------------------------------------------------
// 16 bytes from global to shared memory, asynchronously, past the first-level cache.
__forceinline__ void cp_async(uint32_t to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int pending> __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}
// Four 8 x 16-byte matrices; lanes 8i..8i+7 give the row addresses of matrix i.
__forceinline__ void ldmatrix(uint32_t (&r)[4], uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row)
               : "memory");
}
__forceinline__ uint32_t load_shared(uint32_t from) {
  uint32_t v;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(from) : "memory");
  return v;
}
__forceinline__ uint32_t load_global(const uint32_t* from) {
  uint32_t v;
  asm volatile("ld.global.nc.u32 %0, [%1];" : "=r"(v) : "l"(from));
  return v;
}
__forceinline__ void store_global(void* to, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  asm volatile("st.global.v4.u32 [%0], {%1,%2,%3,%4};" ::"l"(to), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}
__forceinline__ void store_global(void* to, uint32_t a, uint32_t b) {
  asm volatile("st.global.v2.u32 [%0], {%1,%2};" ::"l"(to), "r"(a), "r"(b) : "memory");
}
__forceinline__ uint32_t from_neighbour(uint32_t v) { return __shfl_xor_sync(0xFFFFFFFFu, v, 1); }

// ---- mma.sync ------------------------------------------------------------------------------------
// ordered_metadata, never plain mma.sp: from sm_100 on the plain form of fp16 and int8 becomes a call that
// sorts the metadata (that of bf16 and tf32 does not; seen in their machine code), and PTX advises against
// it.
#define SPARSE_MMA(shape_and_types, accumulator)                                                        \
  asm("mma.sp::ordered_metadata.sync.aligned." shape_and_types                                          \
      " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9,%10,%11}, {%0,%1,%2,%3}, %12, %13;"                        \
      : accumulator(d[0]), accumulator(d[1]), accumulator(d[2]), accumulator(d[3])                      \
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]), "r"(e), \
        "n"(selector))
#define DENSE_MMA(shape_and_types, accumulator)                                                    \
  asm("mma.sync.aligned." shape_and_types " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
      : accumulator(d[0]), accumulator(d[1]), accumulator(d[2]), accumulator(d[3])                 \
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

template <class Type> struct Mma;
template <> struct Mma<Int8> {
  template <int selector>
  static __forceinline__ void sparse(int (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                                     uint32_t e) {
    SPARSE_MMA("m16n8k64.row.col.s32.s8.s8.s32", "+r");
  }
  static __forceinline__ void dense(int (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    DENSE_MMA("m16n8k32.row.col.s32.s8.s8.s32", "+r");
  }
};
template <> struct Mma<Fp16> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                                     uint32_t e) {
    SPARSE_MMA("m16n8k32.row.col.f32.f16.f16.f32", "+f");
  }
  static __forceinline__ void dense(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    DENSE_MMA("m16n8k16.row.col.f32.f16.f16.f32", "+f");
  }
};
template <> struct Mma<Bf16> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                                     uint32_t e) {
    SPARSE_MMA("m16n8k32.row.col.f32.bf16.bf16.f32", "+f");
  }
  static __forceinline__ void dense(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    DENSE_MMA("m16n8k16.row.col.f32.bf16.bf16.f32", "+f");
  }
};
#if HAS_FP8_MMA
template <> struct Mma<Fp8> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                                     uint32_t e) {
    SPARSE_MMA("m16n8k64.row.col.f32.e4m3.e4m3.f32", "+f");
  }
  static __forceinline__ void dense(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    DENSE_MMA("m16n8k32.row.col.f32.e4m3.e4m3.f32", "+f");
  }
};
#endif

#if HAS_FP4_MMA
// Scale factors are 1: two for the 64 (sparse: 128) numbers of a row. In bytes the fragments and the metadata
// are those of m16n8k64 (NVIDIA/cutlass mma_traits_sm120_sparse.hpp, SM120_SPARSE_16x8x128_TN_VS).
template <> struct Mma<Fp4Pair> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                                     uint32_t e) {
    asm("mma.sp::ordered_metadata.sync.aligned.m16n8k128.row.col.kind::mxf4.block_scale.scale_vec::2X"
        ".f32.e2m1.e2m1.f32.ue8m0 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9,%10,%11}, {%0,%1,%2,%3}, "
        "%12, %13, %14, {0,0}, %14, {0,0};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]), "r"(e),
          "n"(selector), "r"(SCALES_OF_ONE));
  }
  static __forceinline__ void dense(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm("mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale.scale_vec::2X.f32.e2m1.e2m1.f32.ue8m0 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3}, %10, {0,0}, %10, {0,0};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(SCALES_OF_ONE));
  }
};
#endif

// ---- wgmma ---------------------------------------------------------------------------------------
#if HAS_WGMMA
// Makes what cp.async wrote into shared memory visible to wgmma, which reads through another proxy.
__forceinline__ void fence_proxy_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int pending> __forceinline__ void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
// Accumulators are nobody's while a wgmma runs. This makes them new values from here on: without it nothing
// keeps the compiler from copying them before the wait (it did, in the fp8 kernels).
__forceinline__ void renew(float (&d)[128]) {
#pragma unroll
  for (float& x : d) asm volatile("" : "+f"(x)::"memory");
}
__forceinline__ void renew(int (&d)[128]) {
#pragma unroll
  for (int& x : d) asm volatile("" : "+r"(x)::"memory");
}
// Keeps a register from being reused before this point.
__forceinline__ void keep(uint32_t v) { asm volatile("" ::"r"(v)); }

// 128 accumulators as operands of an asm statement.
#define EIGHT(c, d, i) \
  c(d[i]), c(d[i + 1]), c(d[i + 2]), c(d[i + 3]), c(d[i + 4]), c(d[i + 5]), c(d[i + 6]), c(d[i + 7])
#define THIRTY_TWO(c, d, i) EIGHT(c, d, i), EIGHT(c, d, i + 8), EIGHT(c, d, i + 16), EIGHT(c, d, i + 24)
#define ALL_128(c, d) THIRTY_TWO(c, d, 0), THIRTY_TWO(c, d, 32), THIRTY_TWO(c, d, 64), THIRTY_TWO(c, d, 96)
#define NAMES_128                                                                                           \
  "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27," \
  "%28,%29,%30,%31,%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,"    \
  "%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63,%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,"    \
  "%78,%79,%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95,%96,%97,%98,%99,%100,%101,"      \
  "%102,%103,%104,%105,%106,%107,%108,%109,%110,%111,%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,"    \
  "%122,%123,%124,%125,%126,%127}"
// Last operands: scale-d 1 (accumulate); floats also +A, +B; 16-bit types also "both K-major".
#define SPARSE_WGMMA(shape_and_types, accumulator, scales)                      \
  asm volatile("wgmma.mma_async.sp.sync.aligned." shape_and_types " " NAMES_128 \
               ", %128, %129, %130, %131, " scales ";"                          \
               : ALL_128(accumulator, d)                                        \
               : "l"(a), "l"(b), "r"(e), "n"(selector))
#define DENSE_WGMMA(shape_and_types, accumulator, scales)                                                \
  asm volatile("wgmma.mma_async.sync.aligned." shape_and_types " " NAMES_128 ", %128, %129, " scales ";" \
               : ALL_128(accumulator, d)                                                                 \
               : "l"(a), "l"(b))

template <class Type> struct Wgmma;
template <> struct Wgmma<Int8> {
  template <int selector>
  static __forceinline__ void sparse(int (&d)[128], uint64_t a, uint64_t b, uint32_t e) {
    SPARSE_WGMMA("m64n256k64.s32.s8.s8", "+r", "1");
  }
  static __forceinline__ void dense(int (&d)[128], uint64_t a, uint64_t b) {
    DENSE_WGMMA("m64n256k32.s32.s8.s8", "+r", "1");
  }
};
template <> struct Wgmma<Fp16> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[128], uint64_t a, uint64_t b, uint32_t e) {
    SPARSE_WGMMA("m64n256k32.f32.f16.f16", "+f", "1, 1, 1, 0, 0");
  }
  static __forceinline__ void dense(float (&d)[128], uint64_t a, uint64_t b) {
    DENSE_WGMMA("m64n256k16.f32.f16.f16", "+f", "1, 1, 1, 0, 0");
  }
};
template <> struct Wgmma<Bf16> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[128], uint64_t a, uint64_t b, uint32_t e) {
    SPARSE_WGMMA("m64n256k32.f32.bf16.bf16", "+f", "1, 1, 1, 0, 0");
  }
  static __forceinline__ void dense(float (&d)[128], uint64_t a, uint64_t b) {
    DENSE_WGMMA("m64n256k16.f32.bf16.bf16", "+f", "1, 1, 1, 0, 0");
  }
};
template <> struct Wgmma<Fp8> {
  template <int selector>
  static __forceinline__ void sparse(float (&d)[128], uint64_t a, uint64_t b, uint32_t e) {
    SPARSE_WGMMA("m64n256k64.f32.e4m3.e4m3", "+f", "1, 1, 1");
  }
  static __forceinline__ void dense(float (&d)[128], uint64_t a, uint64_t b) {
    DENSE_WGMMA("m64n256k32.f32.e4m3.e4m3", "+f", "1, 1, 1");
  }
};
#endif

#include "tcgen05.h"

// ---- arithmetic ----------------------------------------------------------------------------------
__forceinline__ uint32_t bits_of(float v) { return __float_as_uint(v); }
__forceinline__ float float_of(uint32_t v) { return __uint_as_float(v); }
__forceinline__ uint32_t bits_of(int v) { return static_cast<uint32_t>(v); }
// Two floats rounded to a 2-byte type, the first in the low half.
template <class Type> __forceinline__ uint32_t round_pair(float low, float high) {
  uint32_t v;
  if constexpr (Type::bias == Bf16::bias)
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(v) : "f"(high), "f"(low));
  else asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(v) : "f"(high), "f"(low));
  return v;
}
__forceinline__ int dot_of_bytes(uint32_t a, uint32_t b, int c) {
  return __dp4a(static_cast<int>(a), static_cast<int>(b), c);
}
__forceinline__ void atomic_add(uint64_t* to, uint64_t v) { atomicAdd(to, v); }
__forceinline__ void atomic_min(uint64_t* to, uint64_t v) { atomicMin(to, v); }
__forceinline__ void atomic_max(uint64_t* to, uint64_t v) { atomicMax(to, v); }
