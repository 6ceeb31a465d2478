var unpack = (function () {
  "use strict";
  // Hosts carry their parts deflated, each as what differs from the same part of some hosts:
  // a report of a thousand hosts stays below 10 MB.
  var SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%]()*+-;[=.?@^_`{|}~", VALUE = {};
  for (var sign = 0; sign < 85; sign++) { VALUE[SIGNS[sign]] = sign; }
  function bytes(text) {
    // Base 85: five signs are four bytes, the first the gravest; the last group may be shorter.
    var size = Math.floor(text.length * 4 / 5), out = new Uint8Array(size + 4), view = new DataView(out.buffer);
    for (var at = 0, to = 0; at < text.length; at += 5, to += 4) {
      for (var value = 0, next = at; next < at + 5; next++) {
        value = value * 85 + (next < text.length ? VALUE[text[next]] : 84);
      }
      view.setUint32(to, value);
    }
    return out.subarray(0, size);
  }
  return function (packed, shared) {
    return Promise.all(packed.split(" ").map(function (part) {
      var at = part.indexOf(":"), before = shared[part.slice(0, at)];
      var stream = new Blob([bytes(before[0]), bytes(part.slice(at + 1))]).stream();
      return new Response(stream.pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer()
        .then(function (all) { return new TextDecoder().decode(all.slice(before[1])); });
    })).then(function (markup) { return markup.join(""); });
  };
})();
