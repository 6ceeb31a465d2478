var unpack = (function () {
  "use strict";
  // Hosts carry their parts deflated, each as what differs from the same part of some hosts:
  // a report of a thousand hosts stays below 10 MB.
  function bytes(text) {
    return Uint8Array.from(atob(text), function (sign) { return sign.charCodeAt(0); });
  }
  function inflated(parts) {
    var stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).arrayBuffer().then(function (all) { return new Uint8Array(all); });
  }
  function text(all) { return new TextDecoder().decode(all); }
  function filled(part, pieces) {
    // What is this host's own stands first, by the names of the slots that it goes into.
    var texts = part.split("\0\n"), markup = texts.pop(), own = {};
    texts.forEach(function (one) { var at = one.indexOf("\x03"); own[one.slice(0, at)] = one.slice(at + 1); });
    return markup.replace(/\x01(\d+)\n/g, function (_, number) { return pieces[number]; })
      .replace(/\x02([^;]*);/g, function (_, name) { return own[name]; });
  }
  return function (packed, shared) {
    shared.unpacked = shared.unpacked || inflated([bytes(shared.pieces)]).then(function (all) { return text(all).split("\0"); });
    return Promise.all([shared.unpacked].concat(packed.split(" ").map(function (part) {
      var at = part.indexOf(":"), before = shared.books[part.slice(0, at)];
      return inflated([bytes(before[0]), bytes(part.slice(at + 1))]).then(function (all) { return text(all.slice(before[1])); });
    }))).then(function (all) {
      return all.slice(1).map(function (part) { return filled(part, all[0]); }).join("");
    });
  };
})();
