(function () {
  "use strict";
  // The page of one host: what is packed takes the place of what is told in short.
  unpack(document.getElementById("packed").textContent, packedBefore).then(function (markup) {
    document.getElementById("rest").innerHTML = markup;
    var next = document.createElement("script");
    next.src = "report.js";
    document.body.appendChild(next);
  });
})();
