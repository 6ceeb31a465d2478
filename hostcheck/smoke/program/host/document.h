// The JSON document that the program answers with, and the only way to end it. The document can be closed
// at any moment by any thread: whatever happens, what is printed is valid and holds all that was learnt.
#pragma once
#include "../integers.h"

// Every way to end, in the order of the exit codes 0 to 7.
enum class Status { pass, fail, usage, not_applicable, no_device, error, timeout, slow };

namespace json {
void open_object(const char* key);  // key is null inside an array
void open_array(const char* key);
void close();
void text(const char* key, const char* value);
void integer(const char* key, long long value);
void decimal(const char* key, double value, int digits);
void boolean(const char* key, bool value);
void null(const char* key);
}  // namespace json

// Starts the document. `output`: a file to write instead of standard output, or null.
void begin_document(const char* output);
// What the program is busy with, for the reason of a timeout or a crash. A string that lives for ever.
void enter_phase(const char* phase);
const char* current_phase();
// A line for the reader's attention that is no verdict.
void note(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Closes, prints, exits. The reason is one line for a person; "" on a pass.
[[noreturn]] void finish(Status status, const char* format, ...) __attribute__((format(printf, 2, 3)));
// From here on what looks like a fault of the GPU may be one of these kernels, which no GPU has run.
void doubt(const char* kernels);
// Finishes with `fail`; under doubt with `error` and both possible causes in the reason.
[[noreturn]] void finish_wrong(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Finishes with `timeout` after so many seconds or on SIGTERM, SIGINT or SIGHUP, and with `error` on a crash,
// whatever the other threads hang in. Call before any other thread starts.
void watch(int seconds);

double seconds_now();  // monotonic
