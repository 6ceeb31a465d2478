(function () {
  "use strict";
  // The page of one host carries its parts deflated, each as what differs from the same part of
  // some hosts (`before.js`): a report of a thousand hosts stays below 10 MB.
  function bytes(text) {
    return Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
  }
  function inflated(part) {
    var at = part.indexOf(":"), before = packedBefore[part.slice(0, at)];
    var stream = new Blob([bytes(before[0]), bytes(part.slice(at + 1))]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer()
      .then(function (all) { return new TextDecoder().decode(all.slice(before[1])); });
  }
  var parts = document.getElementById("packed").textContent.split(" ");
  Promise.all(parts.map(inflated)).then(function (markup) {
    document.getElementById("rest").innerHTML = markup.join("");
    var next = document.createElement("script");
    next.src = "report.js";
    document.body.appendChild(next);
  });
})();
