(function () {
  "use strict";
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  all("[data-script]").forEach(function (node) { node.hidden = false; });
  var find = document.getElementById("find"), rows = all("[data-host]");
  function sift() {
    var words = find.value.toLowerCase().split(/\s+/);
    rows.forEach(function (row) {
      var text = row.getAttribute("data-host").toLowerCase();
      row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
    });
  }
  if (find) { find.addEventListener("input", sift); }
  var unfold = document.getElementById("unfold");
  if (unfold) {
    unfold.addEventListener("click", function () {
      var shut = all("details:not([open])");
      all("details").forEach(function (node) { node.open = shut.length > 0; });
    });
  }
  function reveal() {
    var id = location.hash.slice(1), node = id && document.getElementById(decodeURIComponent(id));
    if (!node) { return; }
    for (var up = node; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    node.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  if (navigator.clipboard) {
    all(".cmd pre").forEach(function (pre) {
      var button = document.createElement("button"), text = pre.textContent;
      button.type = "button"; button.className = "copy"; button.textContent = "copy";
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(text).then(function () { button.textContent = "copied"; });
      });
      pre.appendChild(button);
    });
  }
})();
