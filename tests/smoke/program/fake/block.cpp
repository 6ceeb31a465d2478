#include "block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor.h"

namespace block {

Thread* current;
Warp warps[MAX_THREADS / LANES];
unsigned block_index, grid_size, block_size;
uint8_t* shared;
bool all_fenced;
bool copies_late = true, products_late = true;
bool (*is_allocated)(const void*, size_t);

namespace {

constexpr size_t STACK = 256 << 10;
Thread threads[MAX_THREADS];
void* scheduler;
size_t shared_size;
int barrier_arrived, alive;
uint64_t barrier_generation;
void (*body)(const void*);
const void* argument;

// Saves what the x86-64 System V ABI wants kept across a call, and swaps stacks.
extern "C" void switch_stack(void** save, void* load);
__asm__(
    ".text\n.type switch_stack,@function\nswitch_stack:\n"
    "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp,(%rdi)\nmov %rsi,%rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n");

void thread_main() {
  body(argument);
  current->done = true;
  --alive;
  switch_stack(&current->stack_pointer, scheduler);
  abort();
}

void prepare(Thread& t, unsigned index) {
  if (!t.stack) t.stack = static_cast<char*>(malloc(STACK));
  t.index = index;
  t.done = t.fenced = false;
  t.waits_for = nullptr;
  t.committed = 0;
  t.groups[0].count = 0;
  auto** top = reinterpret_cast<void**>(t.stack + STACK - 64);  // 16-byte aligned before the return address
  *top = reinterpret_cast<void*>(thread_main);
  t.stack_pointer = top - 6;
}

}  // namespace

void broken(const char* what) {
  fprintf(stderr, "emulator: block %u: %s\n", block_index, what);
  abort();
}

uint8_t* shared_at(uint32_t address, uint32_t bytes) {
  if (static_cast<size_t>(address) + bytes > shared_size) broken("access beyond shared memory");
  return shared + address;
}

void wait_for(const uint64_t* generation) {
  current->waits_for = generation;
  current->seen = *generation;
  switch_stack(&current->stack_pointer, scheduler);
}

void wait_for_block() {
  if (++barrier_arrived == alive) {
    barrier_arrived = 0;
    all_fenced = true;
    for (unsigned t = 0; t < block_size; ++t) all_fenced = all_fenced && threads[t].fenced;
    ++barrier_generation;
  } else {
    wait_for(&barrier_generation);
  }
}

void with_warp(const char* instruction, void (*work)(Warp&)) {
  Warp& w = my_warp();
  if (w.arrived == 0) w.instruction = instruction;
  else if (strcmp(w.instruction, instruction)) broken("the lanes of a warp are at different instructions");
  if (++w.arrived == LANES) {
    work(w);
    w.arrived = 0;
    ++w.generation;
  } else {
    wait_for(&w.generation);
  }
}

void copy(const Copy& c) {
  if (is_allocated && !is_allocated(c.from, 16)) broken("cp.async reads outside every allocation");
  memcpy(shared_at(c.to, 16), c.from, 16);
}

void run(void (*work)(const void*), const void* with, unsigned count, size_t bytes, uint32_t seed,
         bool alone) {
  body = work;
  argument = with;
  block_size = count;
  if (alone) {
    current = &threads[0];
    for (unsigned t = 0; t < count; ++t) {
      current->index = t;
      work(with);
    }
    return;
  }
  if (count > MAX_THREADS || count % LANES) broken("block size");
  if (bytes > shared_size || !shared) shared = static_cast<uint8_t*>(realloc(shared, bytes + 1));
  shared_size = bytes;
  memset(shared, 0xCD, bytes);
  barrier_arrived = 0;
  all_fenced = false;
  tensor::begin();
  alive = static_cast<int>(count);
  for (auto& w : warps) w.arrived = w.committed = w.groups[0].count = 0;
  unsigned order[MAX_THREADS];
  for (unsigned t = 0; t < count; ++t) {
    prepare(threads[t], t);
    order[t] = t;
  }
  uint32_t random = seed * 2654435761u + 1;
  while (alive > 0) {
    bool moved = false;
    for (unsigned i = count; i > 1; --i) {
      random = random * 1664525u + 1013904223u;
      const unsigned j = (random >> 8) % i, x = order[i - 1];
      order[i - 1] = order[j];
      order[j] = x;
    }
    for (unsigned i = 0; i < count; ++i) {
      Thread& t = threads[order[i]];
      if (t.done || (t.waits_for && *t.waits_for == t.seen)) continue;
      t.waits_for = nullptr;
      current = &t;
      switch_stack(&scheduler, t.stack_pointer);
      moved = true;
    }
    if (!moved) broken("deadlock: every thread waits");
  }
  for (unsigned t = 0; t < count; ++t)
    for (int g = 0; g < threads[t].committed; ++g)
      if (threads[t].groups[g].count) broken("the block ended with cp.async in flight");
  for (unsigned w = 0; w < count / LANES; ++w)
    if (warps[w].committed || warps[w].groups[0].count) broken("the block ended with wgmma in flight");
  tensor::end();
}

}  // namespace block
