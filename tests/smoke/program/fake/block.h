// A block of threads on the CPU: one fiber per thread, run by one OS thread in a random order that the seed
// repeats. A fiber runs until it waits, for its warp or for the whole block.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace block {

constexpr int MAX_THREADS = 256, LANES = 32, MAX_GROUPS = 8, MAX_COPIES = 32, MAX_PRODUCTS = 8;

struct Copy {  // one cp.async
  uint32_t to;
  const void* from;
};
struct CopyGroup {
  Copy copies[MAX_COPIES];
  int count;
};
struct Thread {
  void* stack_pointer;
  char* stack;
  unsigned index;
  bool done, fenced;          // fenced: fence.proxy.async since the last cp.async completed
  const uint64_t* waits_for;  // runs again when this is no longer `seen`
  uint64_t seen;
  CopyGroup groups[MAX_GROUPS];  // committed ones, then the open one
  int committed;
};
struct Product {  // one wgmma of a warp: its 16 rows
  void (*execute)(const Product&);
  uint64_t a, b;
  const uint32_t* metadata[LANES];  // the registers themselves: they are read when it executes
  void* d[LANES];
  int selector, warp;
};
struct ProductGroup {
  Product products[MAX_PRODUCTS];
  int count;
};
struct Warp {
  int arrived;
  uint64_t generation;
  const char* instruction;
  uint32_t in[LANES][16], out[LANES][4];
  const void* pointer[LANES][2];
  ProductGroup groups[4];
  int committed;
};

extern Thread* current;
extern Warp warps[MAX_THREADS / LANES];
extern unsigned block_index, grid_size, block_size;
extern uint8_t* shared;
extern bool all_fenced;                  // everybody's fence.proxy.async came before the last barrier
extern bool copies_late, products_late;  // asynchronous work is done when it is waited for, or at once
extern bool (*is_allocated)(const void*, size_t);

inline Warp& my_warp() { return warps[current->index / LANES]; }
inline unsigned my_lane() { return current->index % LANES; }

[[noreturn]] void broken(const char* what);
uint8_t* shared_at(uint32_t address, uint32_t bytes);
void wait_for_block();
// This thread runs again when the number has changed.
void wait_for(const uint64_t* generation);
// The last lane of the warp to arrive runs `work`; all leave together.
void with_warp(const char* instruction, void (*work)(Warp&));
void copy(const Copy& c);

// Runs `body(argument)` once per thread. `alone`: the threads do not wait for each other.
void run(void (*body)(const void*), const void* argument, unsigned threads, size_t shared_bytes,
         uint32_t seed, bool alone);

}  // namespace block
