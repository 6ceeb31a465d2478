#include "tensor.h"

#include <string.h>

#include "block.h"

namespace tensor {
namespace {

constexpr int MOST_QUEUED = 64, MOST_WORDS = 32;
constexpr uint32_t POISON = 0x7FC0FFFF;  // as a float not a number, as metadata not ascending
constexpr uint32_t INITIALISED = 0xBA221E12;

uint32_t memory[LANES][COLUMNS];
uint32_t allocated;  // columns from 0 on
Product queue[MOST_QUEUED];
int queued;
bool barriers_visible;
uint64_t commits;

struct Pending {  // a store or a load that is under way
  uint32_t at, words[MOST_WORDS];
  uint32_t* to;
  int count;
};
struct Mine {
  Pending store, load;
  bool ordered;  // fence::after_thread_sync since the last barrier
  bool said;     // fence::before_thread_sync since the last load or store
} mine[block::MAX_THREADS];
Mine& me() { return mine[block::current->index]; }

struct Barrier {  // in shared memory
  uint32_t initialised, completed;
};
Barrier* barrier(uint32_t at) {
  if (at % 8) block::broken("an mbarrier is not aligned");
  auto* b = reinterpret_cast<Barrier*>(block::shared_at(at, sizeof(Barrier)));
  if (b->initialised != INITIALISED || !barriers_visible)
    block::broken("an mbarrier that nobody made, or no fence");
  return b;
}

void must_be_ordered() {
  if (!me().ordered) block::broken("tcgen05 after a barrier, without fence::after_thread_sync");
}
uint32_t of_this_lane(uint32_t address, int count) {
  const uint32_t quarter = block::current->index / block::LANES % 4 * block::LANES;
  if (address >> 16 != quarter)
    block::broken("a warp reaches for a quarter of tensor memory that is not its own");
  if ((address & 0xFFFF) + static_cast<uint32_t>(count) > allocated)
    block::broken("beyond the tensor memory");
  return address + (block::my_lane() << 16);
}
void finish_store(Mine& m) {
  for (int i = 0; i < m.store.count; ++i) word(m.store.at + static_cast<uint32_t>(i)) = m.store.words[i];
  m.store.count = 0;
}
void finish_load(Mine& m) {
  for (int i = 0; i < m.load.count; ++i) m.load.to[i] = word(m.load.at + static_cast<uint32_t>(i));
  m.load.count = 0;
}
void execute_first() {
  const Product first = queue[0];
  memmove(queue, queue + 1, sizeof *queue * static_cast<size_t>(--queued));
  if (first.execute) first.execute(first);
  else ++barrier(first.barrier)->completed;
}

}  // namespace

void begin() {
  allocated = 0;
  queued = 0;
  barriers_visible = false;
  for (Mine& m : mine) {
    m.store.count = m.load.count = 0;
    m.ordered = m.said = true;
  }
}
void end() {
  if (allocated) block::broken("the block ended without releasing its tensor memory");
  for (int i = 0; i < queued; ++i)
    if (queue[i].execute) block::broken("the block ended with tcgen05.mma in flight");
  for (const Mine& m : mine)
    if (m.store.count || m.load.count) block::broken("the block ended with tcgen05.st or .ld in flight");
}

void allocate(uint32_t columns, uint32_t address_to) {
  if (columns < 32 || columns > COLUMNS || columns & (columns - 1)) block::broken("tcgen05.alloc: columns");
  if (block::my_lane()) return;
  if (allocated) block::broken("tcgen05.alloc waits for ever");
  allocated = columns;
  for (auto& lane : memory)
    for (uint32_t& w : lane) w = POISON;
  memset(block::shared_at(address_to, 4), 0, 4);
}
void release(uint32_t address, uint32_t columns) {
  if (block::my_lane()) return;
  if (address || columns != allocated) block::broken("tcgen05.dealloc of something else");
  allocated = 0;
}
uint32_t& word(uint32_t address) {
  const uint32_t lane = address >> 16, column = address & 0xFFFF;
  if (lane >= LANES || column >= allocated) block::broken("beyond the tensor memory");
  return memory[lane][column];
}

void store(uint32_t to, const uint32_t* words, int count) {
  must_be_ordered();
  Mine& m = me();
  if (m.store.count) block::broken("tcgen05.st: one at a time is emulated");
  m.store.at = of_this_lane(to, count);
  m.store.count = count;
  memcpy(m.store.words, words, sizeof *words * static_cast<size_t>(count));
  m.said = false;
  if (!block::products_late) finish_store(m);
}
void wait_stores() { finish_store(me()); }
void load(uint32_t* to, uint32_t from, int count) {
  must_be_ordered();
  Mine& m = me();
  if (m.load.count) block::broken("tcgen05.ld: one at a time is emulated");
  m.load.at = of_this_lane(from, count);
  m.load.to = to;
  m.load.count = count;
  m.said = false;
  if (!block::products_late) finish_load(m);
}
void wait_loads() { finish_load(me()); }

void fence_before() { me().said = true; }
void fence_after() { me().ordered = true; }
void before_barrier() {
  if (!me().said) block::broken("tcgen05.ld or .st before a barrier, without fence::before_thread_sync");
}
void after_barrier() { me().ordered = false; }

void barrier_init(uint32_t at) {
  if (at % 8) block::broken("an mbarrier is not aligned");
  const Barrier made = {INITIALISED, 0};
  memcpy(block::shared_at(at, sizeof made), &made, sizeof made);
}
void barrier_fence() { barriers_visible = true; }
void barrier_wait(uint32_t at, int parity) {
  while (static_cast<int>(barrier(at)->completed % 2) == parity) {
    if (queued) execute_first();
    else block::wait_for(&commits);
  }
  me().ordered = false;
}

void issue(const Product& product) {
  must_be_ordered();
  if (queued == MOST_QUEUED) block::broken("too many products in flight");
  queue[queued++] = product;
  if (product.execute && !block::all_fenced)
    block::broken("tcgen05.mma reads shared memory without everybody's fence.proxy.async");
  if (!product.execute) ++commits;
  if (!block::products_late)
    while (queued) execute_first();
}

}  // namespace tensor
