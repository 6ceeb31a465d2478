#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr const char* names[] = {"pass",      "fail",  "usage",   "not_applicable",
                                 "no_device", "error", "timeout", "slow"};
constexpr int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};
constexpr int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER;  // held while the text is not closable, and for ever at the end
const char* volatile phase = "start";
const char* output_path;
char part_path[4096];
double started;

struct Text {
  char* bytes;
  size_t length, room;
  void add(const char* more, size_t n) {
    if (length + n > room) {
      room = 2 * (length + n);
      bytes = static_cast<char*>(realloc(bytes, room));
      if (!bytes) abort();
    }
    memcpy(bytes + length, more, n);
    length += n;
  }
  void add(const char* more) { add(more, strlen(more)); }
  void add_quoted(const char* s) {
    add("\"");
    for (; *s; ++s) {
      const unsigned char c = static_cast<unsigned char>(*s);
      char escaped[8];
      if (c == '"' || c == '\\') snprintf(escaped, sizeof escaped, "\\%c", c);
      else if (c < 0x20 || c >= 0x7F) snprintf(escaped, sizeof escaped, "\\u%04x", c);  // bytes as Latin-1
      else snprintf(escaped, sizeof escaped, "%c", c);
      add(escaped);
    }
    add("\"");
  }
} text;

char closing[16];  // what closes each open object or array
int depth;
bool comma;
const char* doubted;
char notes[8][256];
int note_count;

void add_key(const char* key) {
  if (comma) text.add(",");
  comma = true;
  if (!key) return;
  text.add_quoted(key);
  text.add(":");
}
void open(const char* key, const char* bracket, char end) {
  add_key(key);
  text.add(bracket);
  closing[depth++] = end;
  comma = false;
}
void close_one() {
  text.add(&closing[--depth], 1);
  comma = true;
}
void add_text(const char* key, const char* value) {
  add_key(key);
  text.add_quoted(value);
}
void add_value(const char* key, const char* value) {
  pthread_mutex_lock(&lock);
  add_key(key);
  text.add(value);
  pthread_mutex_unlock(&lock);
}

bool write_all(int file, const char* bytes, size_t n) {
  while (n > 0) {
    const ssize_t done = write(file, bytes, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes += done;
    n -= static_cast<size_t>(done);
  }
  return true;
}

// Calls nothing that a signal handler may not.
[[noreturn]] void deliver(const char* bytes, size_t n, int code) {
  bool delivered;
  if (output_path) {
    const int file = ::open(part_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    delivered =
        file >= 0 && write_all(file, bytes, n) && ::close(file) == 0 && rename(part_path, output_path) == 0;
  } else {
    delivered = write_all(1, bytes, n);
  }
  if (!delivered) {
    constexpr char complaint[] = "hostcheck-smoke: cannot write the answer\n";
    if (write(2, complaint, sizeof complaint - 1) < 0) {
    }
    _exit(static_cast<int>(Status::error));
  }
  _exit(code);
}

[[noreturn]] void finish_with(Status status, const char* reason) {
  pthread_mutex_lock(&lock);  // never unlocked: nobody adds to a closed document
  while (depth > 1) close_one();
  open("notes", "[", ']');
  for (int i = 0; i < note_count; ++i) add_text(nullptr, notes[i]);
  close_one();
  char number[64];
  snprintf(number, sizeof number, "%.3f", seconds_now() - started);
  add_key("elapsed_s");
  text.add(number);
  if (*reason) add_text("reason", reason);
  add_text("status", names[static_cast<int>(status)]);
  snprintf(number, sizeof number, "%d", static_cast<int>(status));
  add_key("exit_code");
  text.add(number);
  close_one();
  text.add("\n");
  deliver(text.bytes, text.length, static_cast<int>(status));
}

// The document may be half-written and the lock held: answers with one of its own.
void on_crash(int) {
  static char answer[512];
  static volatile sig_atomic_t crashed;
  if (crashed) _exit(static_cast<int>(Status::error));
  crashed = 1;
  size_t n = 0;
  const char* const parts[] = {
      "{\"schema\":\"hostcheck.sparse24/1\",\"notes\":[],\"reason\":\"the driver or the program crashed in "
      "phase ",
      phase, "\",\"status\":\"error\",\"exit_code\":5}\n"};
  for (const char* part : parts)
    for (; *part && n < sizeof answer; ++part) answer[n++] = *part;
  deliver(answer, n, static_cast<int>(Status::error));
}

void* wait_for_the_end(void* seconds) {
  sigset_t stop;
  sigemptyset(&stop);
  for (int s : stop_signals) sigaddset(&stop, s);
  const double until = started + *static_cast<int*>(seconds);
  for (;;) {
    const double left = until - seconds_now();
    if (left <= 0) break;
    timespec wait;
    wait.tv_sec = static_cast<time_t>(left);
    wait.tv_nsec = static_cast<long>((left - static_cast<double>(wait.tv_sec)) * 1e9);
    const int caught = sigtimedwait(&stop, nullptr, &wait);
    if (caught > 0) finish(Status::timeout, "stopped by signal %d in phase %s", caught, phase);
  }
  finish(Status::timeout, "not done after %d s: stuck in phase %s", *static_cast<int*>(seconds), phase);
}

}  // namespace

double seconds_now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

namespace json {
void open_object(const char* key) {
  pthread_mutex_lock(&lock);
  open(key, "{", '}');
  pthread_mutex_unlock(&lock);
}
void open_array(const char* key) {
  pthread_mutex_lock(&lock);
  open(key, "[", ']');
  pthread_mutex_unlock(&lock);
}
void close() {
  pthread_mutex_lock(&lock);
  close_one();
  pthread_mutex_unlock(&lock);
}
void text(const char* key, const char* value) {
  pthread_mutex_lock(&lock);
  add_text(key, value);
  pthread_mutex_unlock(&lock);
}
void integer(const char* key, long long value) {
  char number[32];
  snprintf(number, sizeof number, "%lld", value);
  add_value(key, number);
}
void decimal(const char* key, double value, int digits) {
  char number[64];
  snprintf(number, sizeof number, "%.*f", digits, value);
  // JSON knows no infinity and no NaN
  if (value - value == 0) add_value(key, number);
  else null(key);
}
void boolean(const char* key, bool value) { add_value(key, value ? "true" : "false"); }
void null(const char* key) { add_value(key, "null"); }
}  // namespace json

void begin_document(const char* output) {
  started = seconds_now();
  output_path = output;
  if (output) snprintf(part_path, sizeof part_path, "%s.part", output);
  json::open_object(nullptr);
  json::text("schema", "hostcheck.sparse24/1");
}

void enter_phase(const char* name) { phase = name; }
const char* current_phase() { return phase; }

void note(const char* format, ...) {
  pthread_mutex_lock(&lock);
  if (note_count < 8) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(notes[note_count++], sizeof notes[0], format, arguments);
    va_end(arguments);
  }
  pthread_mutex_unlock(&lock);
}

void finish(Status status, const char* format, ...) {
  char reason[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  finish_with(status, reason);
}

void doubt(const char* kernels) { doubted = kernels; }

void finish_wrong(const char* format, ...) {
  char reason[1024];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  if (!doubted || length < 0) finish_with(Status::fail, reason);
  const size_t used = strlen(reason);
  snprintf(reason + used, sizeof reason - used,
           "; no GPU is known to have run these kernels (%s), so the fault may be theirs: --kernels mma-wide "
           "uses others",
           doubted);
  finish_with(Status::error, reason);
}

void watch(int seconds) {
  static int limit;
  limit = seconds;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_crash;
  for (int s : crash_signals) sigaction(s, &action, nullptr);
  sigset_t stop;
  sigemptyset(&stop);
  for (int s : stop_signals) sigaddset(&stop, s);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);
  pthread_t thread;
  if (pthread_create(&thread, nullptr, wait_for_the_end, &limit))
    finish(Status::error, "cannot start a thread");
}
