var single = (function () {
  "use strict";
  // All hosts on one page: each is unpacked when it is opened, and then has its findings' ids.
  var shared = null;
  function within(node) {
    var packed = node.querySelector("script");
    if (!packed) { return Promise.resolve(); }
    shared = shared || JSON.parse(document.getElementById("before").textContent);
    return unpack(packed.textContent, shared).then(function (markup) {
      var rest = node.querySelector(".rest"), key = node.getAttribute("data-key").replace(/&/g, "&amp;").replace(/"/g, "&#34;").replace(/\$/g, "$$$$");
      packed.remove();
      rest.innerHTML = markup.replace(/((?:id|href)="#?[^"]*@)this"/g, "$1" + key + '"');
      window.equipped(rest);
    });
  }
  document.addEventListener("toggle", function (event) {
    if (event.target.matches("details.host") && event.target.open) { within(event.target); }
  }, true);
  return {
    reach: function (key, then) {
      var node = document.getElementById("host@" + key);
      if (!node || !node.querySelector("script")) { return false; }
      within(node).then(then);
      return true;
    },
    sift: function (hosts) {
      var wanted = {};
      hosts.forEach(function (host) { wanted[host.at] = true; });
      Array.prototype.forEach.call(document.querySelectorAll("details.host"), function (node) {
        node.hidden = !wanted[node.getAttribute("data-host")];
      });
    }
  };
})();
