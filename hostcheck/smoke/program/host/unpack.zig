//! The images are carried as one xz stream, a tenth of their size; Zig's own library unpacks it.
const std = @import("std");

pub const panic = std.debug.no_panic;

/// Fills `to` from the xz stream `from`. False when the stream is damaged or shorter.
export fn unpack(from: [*]const u8, from_bytes: usize, to: [*]u8, to_bytes: usize) bool {
    const allocator = std.heap.c_allocator;
    var input = std.Io.Reader.fixed(from[0..from_bytes]);
    const buffer = allocator.alloc(u8, 1 << 16) catch return false;
    var stream = std.compress.xz.Decompress.init(&input, allocator, buffer) catch return false;
    defer stream.deinit();
    stream.reader.readSliceAll(to[0..to_bytes]) catch return false;
    return true;
}
