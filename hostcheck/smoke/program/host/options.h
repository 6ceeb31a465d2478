// The command line. See ../README.md.
#pragma once

struct Shape {
  int m, n, k;  // all 0: to be chosen
};

constexpr double LEAST_SPEEDUP = 1.10;

struct Options {
  const char* device = "0";
  const char* types = nullptr;  // to be chosen: int8 and fp16, or what the GPU has instead
  const char* kernels = "auto";
  const char* output = nullptr;
  Shape shape = {0, 0, 0}, verify_shape = {0, 0, 0};
  double min_speedup = -1;  // LEAST_SPEEDUP, where a figure of a healthy GPU is known
  int timeout_s = 60, pairs = 31, warm_up_ms = 300;
  bool quick = false;
};

// Begins the document; finishes with `usage` on a wrong option, exits on --help and --version.
Options parse_options(int count, char** words);
// Is `word` in the comma-separated list?
bool listed(const char* list, const char* word);
