// Tensor memory and the products of tcgen05 on the CPU: one queue per block, in the order of issue, and the
// mbarriers that tell its progress. Broken rules that hardware would punish silently end the run.
#pragma once
#include <stdint.h>

namespace tensor {

constexpr int LANES = 128, COLUMNS = 512;

struct Product {  // one tcgen05.mma, or with `execute` null one tcgen05.commit on `barrier`
  void (*execute)(const Product&);
  uint64_t a, b;
  uint32_t d, metadata, instruction, barrier, scales;
  bool accumulate;
};

void begin();  // of a block
void end();

void allocate(uint32_t columns, uint32_t address_to);
void release(uint32_t address, uint32_t columns);
// The word at lane << 16 | column.
uint32_t& word(uint32_t address);
// Words of this thread's lane. A store is done when it is waited for, or at once; `to` of a load likewise.
void store(uint32_t to, const uint32_t* words, int count);
void wait_stores();
void load(uint32_t* to, uint32_t from, int count);
void wait_loads();

void fence_before();
void fence_after();
void before_barrier();  // of the whole block
void after_barrier();

void barrier_init(uint32_t at);
void barrier_fence();
void barrier_wait(uint32_t at, int parity);

void issue(const Product& product);

}  // namespace tensor
