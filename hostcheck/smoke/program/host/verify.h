// Exactness and negative controls.
#pragma once
#include "problem.h"

// Writes "verify" and "controls". Returns null, or why the GPU fails.
const char* verify(const Element& element, const Family& family, Shape shape);
