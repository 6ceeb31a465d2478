// Finds out on the device itself where its sparse instruction reads the metadata of each group.
#pragma once
#include "element.h"
#include "kernels.h"

// Writes "metadata_layout" and, on a mismatch, "metadata_seen". False on a mismatch. Where the GPU has no
// sparse mma.sync of this type, the layout is null and the result true.
bool probe_layout(const Element& element);

// The same by the multiplication of this family itself, for instructions that no register tells of.
bool probe_path(const Element& element, const Family& family);
