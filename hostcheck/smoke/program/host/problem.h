// One multiplication on the device: its operands in every form, and what is done with them.
#pragma once
#include "../arguments.h"
#include "kernels.h"
#include "options.h"

struct Problem {
  const Element& element;
  const Shape shape;
  const uint32_t seed_a, seed_b;

  Problem(const Element& element, Shape shape, uint32_t seed);
  // Test data, pruned and compressed on the device.
  void fill(Data data) const;
  // D gets a value that no result has, so that an element that is not written cannot pass.
  void poison() const;
  void multiply(const Gemm& gemm, bool half_output = false) const;
  // Second oracle: every element of D recomputed on the device.
  CheckReport check(bool half_output = false) const;
  // Poison, multiply, check.
  CheckReport run(const Gemm& gemm, bool half_output = false) const;

  const Buffer& kept() const { return kept_; }
  const Buffer& metadata() const { return metadata_; }
  const Buffer& b() const { return b_; }
  const Buffer& d() const { return d_; }

 private:
  Buffer a_, pruned_, kept_, metadata_, b_, d_, report_;
};
