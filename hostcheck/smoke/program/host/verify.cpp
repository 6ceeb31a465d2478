#include "verify.h"

#include <stdlib.h>

#include "../format.h"
#include "document.h"
#include "reference.h"

namespace {

constexpr uint32_t SEED = 11;

// A group of one row whose two kept values are not zero: changing its metadata or a value changes results.
struct Plant {
  int row, group, first, second;  // positions in the group
  int first_value, second_value;
};

Plant choose_plant(const Problem& p) {
  const int row = p.shape.m / 2 + 5, groups = p.shape.k / 4;
  auto* a = static_cast<int16_t*>(malloc(static_cast<size_t>(p.shape.k) * sizeof(int16_t)));
  if (!a) abort();
  pruned_row_of_a(p, row, a);
  for (int i = 0; i < groups; ++i) {
    const int group = (groups / 2 + 3 + i) % groups;
    int at[4], n = 0;
    for (int k = 0; k < 4; ++k)
      if (a[4 * group + k]) at[n++] = k;
    if (n != 2) continue;
    const Plant plant = {row, group, at[0], at[1], a[4 * group + at[0]], a[4 * group + at[1]]};
    free(a);
    return plant;
  }
  finish(Status::error, "row %d of the test data has no full group", row);
}

// In how many columns the planted change must show: from the CPU's own operands.
uint64_t visible(const Problem& p, const Plant& before, const Plant& after) {
  uint64_t columns = 0;
  for (int n = 0; n < p.shape.n; ++n) {
    const auto product = [&](const Plant& x) {
      return p.element.multiply(x.first_value, value_of_b(p, n, 4 * x.group + x.first)) +
             p.element.multiply(x.second_value, value_of_b(p, n, 4 * x.group + x.second));
    };
    columns += product(before) != product(after);
  }
  return columns;
}

// Caught: exactly the elements that must differ do, and no other row.
bool write_control(const char* key, const Plant& plant, const CheckReport& report, uint64_t expected) {
  const uint64_t row = static_cast<uint64_t>(plant.row);
  const bool caught =
      report.wrong > 0 && report.wrong == expected && report.first_row == row && report.last_row == row;
  json::open_object(key);
  json::boolean("caught", caught);
  json::integer("row", plant.row);
  json::integer("bad", static_cast<long long>(report.wrong));
  json::integer("expected", static_cast<long long>(expected));
  json::close();
  return caught;
}

bool plant_metadata(const Problem& p, const Gemm& sparse, const Plant& plant) {
  const Slot slot = slot_of(p.element.bytes, p.shape.k, {plant.row, plant.group});
  uint32_t word;
  p.metadata().read(&word, slot.word * 4, 4);
  Plant moved = plant;  // to another legal pair
  moved.first = plant.first == 0 && plant.second == 1 ? 2 : 0;
  moved.second = moved.first + 1;
  const uint32_t changed = (word & ~(15u << slot.bit)) | nibble_of(moved.first, moved.second) << slot.bit;
  p.metadata().write(&changed, slot.word * 4, 4);
  const CheckReport report = p.run(sparse);
  p.metadata().write(&word, slot.word * 4, 4);
  return write_control("metadata", plant, report, visible(p, plant, moved));
}

bool plant_weight(const Problem& p, const Gemm& sparse, const Plant& plant) {
  const size_t bytes = static_cast<size_t>(p.element.bytes);
  const size_t at = (static_cast<size_t>(plant.row) * static_cast<size_t>(p.shape.k / 2) +
                     static_cast<size_t>(2 * plant.group)) *
                    bytes;
  uint32_t weight = 0;
  p.kept().read(&weight, at, bytes);
  const uint32_t changed = weight ^ p.element.flip;
  p.kept().write(&changed, at, bytes);
  const CheckReport report = p.run(sparse);
  p.kept().write(&weight, at, bytes);
  Plant other = plant;
  other.first_value = p.element.decode(changed);
  return write_control("weight", plant, report, visible(p, plant, other));
}

}  // namespace

const char* verify(const Element& element, const Family& family, Shape shape) {
  enter_phase("verify");
  if (shape.m == 0) shape = {2 * family.m, 2 * family.n, 1024};
  const Problem p(element, shape, SEED);
  const Gemm dense = gemm_of(element, family, false), sparse = gemm_of(element, family, true);
  p.fill(Data::exact);
  const CheckReport dense_gpu = p.run(dense);
  const Count dense_cpu = compare_all(p);
  const CheckReport sparse_gpu = p.run(sparse);
  const Count sparse_cpu = compare_all(p);
  json::open_object("verify");
  json::integer("m", shape.m);
  json::integer("n", shape.n);
  json::integer("k", shape.k * element.numbers);
  json::integer("elements", static_cast<long long>(sparse_cpu.elements));
  json::integer("sparse_bad_cpu", static_cast<long long>(sparse_cpu.wrong));
  json::integer("dense_bad_cpu", static_cast<long long>(dense_cpu.wrong));
  json::integer("sparse_bad_gpu", static_cast<long long>(sparse_gpu.wrong));
  json::integer("dense_bad_gpu", static_cast<long long>(dense_gpu.wrong));
  json::close();
  if (sparse_cpu.wrong || sparse_gpu.wrong) return "the sparse tensor cores compute wrong results";
  if (dense_cpu.wrong || dense_gpu.wrong) return "the dense tensor cores compute wrong results";

  enter_phase("controls");
  const Plant plant = choose_plant(p);
  json::open_object("controls");
  const bool metadata_caught = plant_metadata(p, sparse, plant),
             weight_caught = plant_weight(p, sparse, plant);
  const CheckReport restored = p.run(sparse);
  json::open_object("restored");
  json::integer("bad", static_cast<long long>(restored.wrong));
  json::close();
  json::close();
  if (!metadata_caught)
    return "changed metadata did not change the results that they must change: sparsity is not honoured";
  if (!weight_caught) return "a changed weight did not change the results that it must change";
  if (restored.wrong) return "the sparse tensor cores compute wrong results on a repetition";
  return nullptr;
}
