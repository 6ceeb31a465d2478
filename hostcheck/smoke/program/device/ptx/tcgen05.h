// The instructions of tcgen05 as PTX; see instructions.h. (PTX ISA, "TensorCore 5th Generation Family
// Instructions".)
#pragma once

// sm_100a, sm_103a and sm_100f of NVRTC 12.9. kind::i8 is there on sm_100a and sm_110a only, kind::mxf4 on
// none of the family's (ptxas refuses the others).
#if defined(__CUDA_ARCH_FEAT_SM100_ALL) || defined(__CUDA_ARCH_FEAT_SM103_ALL) || \
    (defined(__CUDA_ARCH_FAMILY_SPECIFIC__) && __CUDA_ARCH_FAMILY_SPECIFIC__ / 10 == 100)
#define HAS_TCGEN05 1
#endif
#if defined(__CUDA_ARCH_FEAT_SM100_ALL)
#define HAS_TCGEN05_INT8 1
#endif

#if defined(__CUDA_ARCH_FEAT_SM100_ALL) || defined(__CUDA_ARCH_FEAT_SM103_ALL)
#define HAS_TCGEN05_FP4 1
#endif

#if HAS_TCGEN05

// ---- tensor memory -------------------------------------------------------------------------------
// One warp allocates and the same releases. The address is written to shared memory.
template <uint32_t columns> __forceinline__ void tensor_allocate(uint32_t address_to) {
  asm volatile("tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%0], %1;" ::"r"(address_to),
               "n"(columns)
               : "memory");
  asm volatile("tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;" ::: "memory");
}
template <uint32_t columns> __forceinline__ void tensor_release(uint32_t address) {
  asm volatile("tcgen05.dealloc.cta_group::1.sync.aligned.b32 %0, %1;" ::"r"(address), "n"(columns)
               : "memory");
}
// Lane i of the warp writes its words to lane i of its quarter, in columns side by side.
__forceinline__ void tensor_store(uint32_t to, const uint32_t (&words)[2]) {
  asm volatile("tcgen05.st.sync.aligned.32x32b.x2.b32 [%0], {%1,%2};" ::"r"(to), "r"(words[0]), "r"(words[1])
               : "memory");
}
__forceinline__ void tensor_store(uint32_t to, const uint32_t (&words)[4]) {
  asm volatile("tcgen05.st.sync.aligned.32x32b.x4.b32 [%0], {%1,%2,%3,%4};" ::"r"(to), "r"(words[0]),
               "r"(words[1]), "r"(words[2]), "r"(words[3])
               : "memory");
}
__forceinline__ void tensor_wait_stores() { asm volatile("tcgen05.wait::st.sync.aligned;" ::: "memory"); }
__forceinline__ void tensor_load(uint32_t (&r)[32], uint32_t from) {
  asm volatile(
      "tcgen05.ld.sync.aligned.32x32b.x32.b32 "
      "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%"
      "27,%28,%29,"
      "%30,%31}, [%32];"
      : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]), "=r"(r[4]), "=r"(r[5]), "=r"(r[6]), "=r"(r[7]),
        "=r"(r[8]), "=r"(r[9]), "=r"(r[10]), "=r"(r[11]), "=r"(r[12]), "=r"(r[13]), "=r"(r[14]), "=r"(r[15]),
        "=r"(r[16]), "=r"(r[17]), "=r"(r[18]), "=r"(r[19]), "=r"(r[20]), "=r"(r[21]), "=r"(r[22]),
        "=r"(r[23]), "=r"(r[24]), "=r"(r[25]), "=r"(r[26]), "=r"(r[27]), "=r"(r[28]), "=r"(r[29]),
        "=r"(r[30]), "=r"(r[31])
      : "r"(from)
      : "memory");
}
// What was loaded is there from here on: the values are new ones, so that nothing can be moved before the
// wait.
__forceinline__ void tensor_wait_loads(uint32_t (&r)[32]) {
  asm volatile("tcgen05.wait::ld.sync.aligned;" ::: "memory");
#pragma unroll
  for (uint32_t& x : r) asm volatile("" : "+r"(x)::"memory");
}

// ---- order ---------------------------------------------------------------------------------------
// Makes what cp.async wrote into shared memory visible to the tensor cores, which read through another proxy.
#if !HAS_WGMMA
__forceinline__ void fence_proxy_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
#endif
// Before and after a barrier that orders tcgen05 instructions of different threads.
__forceinline__ void tensor_fence_before() {
  asm volatile("tcgen05.fence::before_thread_sync;" ::: "memory");
}
__forceinline__ void tensor_fence_after() { asm volatile("tcgen05.fence::after_thread_sync;" ::: "memory"); }
// For one arrival a phase.
__forceinline__ void mbarrier_init(uint32_t at) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(at) : "memory");
}
__forceinline__ void fence_mbarrier_init() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
// The barrier's phase completes when everything that this thread has issued is complete.
__forceinline__ void tensor_commit(uint32_t at) {
  asm volatile("tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%0];" ::"r"(at)
               : "memory");
}
// Waits for the end of the phase with this parity: 0 is the first phase, 1 the second, 0 the third.
__forceinline__ void mbarrier_wait(uint32_t at, int parity) {
  uint32_t done;
  do {
    asm volatile(
        "{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
        : "=r"(done)
        : "r"(at), "r"(parity)
        : "memory");
  } while (!done);
}
__forceinline__ void sync_warp() { __syncwarp(); }
// True in one lane of a whole warp, always the same.
__forceinline__ bool elect_one() {
  uint32_t elected;
  asm volatile("{\n.reg .pred p;\nelect.sync _|p, 0xFFFFFFFF;\nselp.u32 %0, 1, 0, p;\n}" : "=r"(elected));
  return elected != 0;
}

// ---- products ------------------------------------------------------------------------------------
// `scales` is where the scale factors of both operands lie, for the kinds that have some.
#define SPARSE_TCGEN05(kind, scale_operands)                                                            \
  asm volatile("{\n.reg .pred p;\nsetp.ne.u32 p, %5, 0;\ntcgen05.mma.sp.cta_group::1.kind::" kind       \
               " [%0], %1, %2, [%3], %4, " scale_operands("%6") "p;\n}" ::"r"(d),                       \
               "l"(a), "l"(b), "r"(metadata), "r"(instruction), "r"(static_cast<uint32_t>(accumulate)), \
               "r"(scales)                                                                              \
               : "memory")
#define DENSE_TCGEN05(kind, scale_operands)                                                          \
  asm volatile("{\n.reg .pred p;\nsetp.ne.u32 p, %4, 0;\ntcgen05.mma.cta_group::1.kind::" kind       \
               " [%0], %1, %2, %3, " scale_operands("%5") "p;\n}" ::"r"(d),                          \
               "l"(a), "l"(b), "r"(instruction), "r"(static_cast<uint32_t>(accumulate)), "r"(scales) \
               : "memory")
#define NO_SCALES(register_)
#define BOTH_SCALES(register_) "[" register_ "], [" register_ "], "
// `type` and `type_of_d` are the numbers that the instruction descriptor wants.
#define TCGEN05(Type, kind, number, number_of_d, scale_operands)                                 \
  template <> struct Tcgen05<Type> {                                                             \
    static constexpr uint32_t type = number, type_of_d = number_of_d;                            \
    static __forceinline__ void sparse(uint32_t d, uint64_t a, uint64_t b, uint32_t metadata,    \
                                       uint32_t instruction, bool accumulate, uint32_t scales) { \
      SPARSE_TCGEN05(kind, scale_operands);                                                      \
    }                                                                                            \
    static __forceinline__ void dense(uint32_t d, uint64_t a, uint64_t b, uint32_t instruction,  \
                                      bool accumulate, uint32_t scales) {                        \
      DENSE_TCGEN05(kind, scale_operands);                                                       \
    }                                                                                            \
  }
template <class Type> struct Tcgen05;
TCGEN05(Fp16, "f16", 0, 1, NO_SCALES);
TCGEN05(Bf16, "f16", 1, 1, NO_SCALES);
TCGEN05(Fp8, "f8f6f4", 0, 1, NO_SCALES);
#if HAS_TCGEN05_INT8
TCGEN05(Int8, "i8", 1, 2, NO_SCALES);
#endif
#if HAS_TCGEN05_FP4
TCGEN05(Fp4Pair, "mxf4.block_scale.scale_vec::2X", 1, 0, BOTH_SCALES);
#endif
#endif
