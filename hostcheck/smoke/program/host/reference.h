// The first oracle: D on the CPU. It makes both operands itself from seed and index and prunes with a rule
// of its own, so it shares no data and no selection code with the device. Exact data only.
#pragma once
#include "problem.h"

struct Count {
  uint64_t wrong, elements;
};
// Compares D on the device: every element, or sixteen rows by sixteen columns of it.
Count compare_all(const Problem& problem);
Count compare_samples(const Problem& problem);

// Row `row` of A after pruning, into room for K numbers.
void pruned_row_of_a(const Problem& problem, int row, int16_t* out);
int value_of_b(const Problem& problem, int n, int k);
