#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tile.h"
#include "document.h"

namespace {

constexpr char help[] =
    "usage: hostcheck-smoke [options]\n"
    "Proves that the sparse tensor cores of one NVIDIA GPU compute right, and how fast. Prints JSON.\n"
    "  --device WHICH        CUDA index or PCI address (0)\n"
    "  --types LIST          of int8,fp16,bf16,fp8,fp4; or all (int8,fp16;\n"
    "                        fp16,fp8 where the tensor cores have no int8)\n"
    "  --quick               correctness only\n"
    "  --min-speedup X       sparse/dense below it is slow, exit 7; 0 never (1.10,\n"
    "                        where what a healthy GPU reaches is known)\n"
    "  --timeout SECONDS     then exit 6 (60)\n"
    "  --output FILE         write the JSON there, whole or not at all\n"
    "  --kernels FAMILY      auto, tcgen05, wgmma, mma-wide, mma-narrow (auto)\n"
    "  --shape MxNxK         of the timed multiplication (chosen for the GPU)\n"
    "  --verify-shape MxNxK  of the one that the CPU checks whole (two tiles by two, K 1024)\n"
    "  --pairs N             dense/sparse pairs timed (31)\n"
    "  --warm-up MS          before timing (300)\n"
    "exit: 0 pass, 1 fail, 2 usage, 3 not applicable, 4 no device, 5 error, 6 timeout, 7 slow\n";

[[noreturn]] void wrong(const char* option, const char* value, const char* wanted) {
  fprintf(stderr, "%s", help);
  finish(Status::usage, "%s %s: %s", option, value, wanted);
}

int whole(const char* option, const char* value, int least, int most) {
  char* end;
  const long n = strtol(value, &end, 10);
  if (end != value && !*end && n >= least && n <= most) return static_cast<int>(n);
  char wanted[64];
  snprintf(wanted, sizeof wanted, "a whole number from %d to %d, please", least, most);
  wrong(option, value, wanted);
}

Shape shape(const char* option, const char* value) {
  Shape s = {0, 0, 0};
  int read = 0;
  if (sscanf(value, "%6dx%6dx%6d%n", &s.m, &s.n, &s.k, &read) != 3 || value[read] || s.m < 1 || s.n < 1 ||
      s.k < 1)
    wrong(option, value, "a shape looks like 4096x4096x8192");
  if (s.m % Wide::m || s.n % Wide::n || s.k % K_MULTIPLE)
    wrong(option, value, "M must be a multiple of 128, N and K multiples of 256");
  return s;
}

void check_types(const char* value) {
  if (!strcmp(value, "all")) return;
  for (const char* word = value;; ++word) {
    const size_t n = strcspn(word, ",");
    if (!((n == 4 && (!strncmp(word, "int8", 4) || !strncmp(word, "fp16", 4) || !strncmp(word, "bf16", 4))) ||
          (n == 3 && (!strncmp(word, "fp8", 3) || !strncmp(word, "fp4", 3)))))
      wrong("--types", value, "a list of int8, fp16, bf16, fp8, fp4, or all");
    word += n;
    if (!*word) return;
  }
}

}  // namespace

bool listed(const char* list, const char* word) {
  const size_t length = strlen(word);
  for (;;) {
    const size_t n = strcspn(list, ",");
    if (n == length && !strncmp(list, word, n)) return true;
    if (!list[n]) return false;
    list += n + 1;
  }
}

Options parse_options(int count, char** words) {
  Options o;
  for (int i = 1; i < count; ++i) {
    if (!strcmp(words[i], "--help")) {
      fputs(help, stdout);
      exit(0);
    }
    if (!strcmp(words[i], "--version")) {
      puts("hostcheck-smoke " VERSION);
      exit(0);
    }
    if (!strcmp(words[i], "--output") && i + 1 < count) o.output = words[i + 1];
  }
  begin_document(o.output);
  json::text("version", VERSION);
  for (int i = 1; i < count; ++i) {
    const char* option = words[i];
    if (!strcmp(option, "--quick")) {
      o.quick = true;
      continue;
    }
    constexpr const char* with_value[] = {"--device",  "--types", "--min-speedup",  "--timeout", "--output",
                                          "--kernels", "--shape", "--verify-shape", "--pairs",   "--warm-up"};
    bool known = false;
    for (const char* name : with_value) known = known || !strcmp(option, name);
    if (!known) wrong(option, "", "no such option");
    if (i + 1 == count) wrong(option, "", "a value is missing");
    const char* value = words[++i];
    if (!strcmp(option, "--device")) {
      o.device = value;
    } else if (!strcmp(option, "--types")) {
      check_types(value);
      o.types = value;
    } else if (!strcmp(option, "--min-speedup")) {
      char* end;
      o.min_speedup = strtod(value, &end);
      if (end == value || *end || !(o.min_speedup >= 0 && o.min_speedup <= 100))
        wrong(option, value, "a ratio like 1.1, please");
    } else if (!strcmp(option, "--timeout")) {
      o.timeout_s = whole(option, value, 1, 3600);
    } else if (!strcmp(option, "--output")) {
      if (strlen(value) > 4000) wrong(option, "", "the path is too long");
    } else if (!strcmp(option, "--kernels")) {
      if (!listed("auto,tcgen05,wgmma,mma-wide,mma-narrow", value))
        wrong(option, value, "auto, tcgen05, wgmma, mma-wide or mma-narrow");
      o.kernels = value;
    } else if (!strcmp(option, "--shape")) {
      o.shape = shape(option, value);
    } else if (!strcmp(option, "--verify-shape")) {
      o.verify_shape = shape(option, value);
    } else if (!strcmp(option, "--pairs")) {
      o.pairs = whole(option, value, 1, 200);
    } else {
      o.warm_up_ms = whole(option, value, 0, 10000);
    }
  }
  return o;
}
