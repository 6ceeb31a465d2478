(function () {
  "use strict";
  // What every page of a report has: age, copying, and links into what is folded up.
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  all("[data-script]").forEach(function (node) { node.hidden = false; });

  function span(seconds) {
    var steps = [[86400, "day"], [3600, "hour"], [60, "minute"]];
    for (var at = 0; at < steps.length; at++) {
      var number = Math.floor(seconds / steps[at][0]);
      if (number) { return number + " " + steps[at][1] + (number > 1 ? "s" : ""); }
    }
    return "less than a minute";
  }
  function grow() {
    all("[data-age]").forEach(function (node) {
      var old = (Date.now() - Date.parse(node.getAttribute("data-age"))) / 1000;
      if (!(old >= 0)) { return; }
      node.textContent = "Answers are " + span(old) + " old";
      node.classList.toggle("stale", old >= 86400);
    });
  }
  grow();
  setInterval(grow, 60000);

  var unfold = document.getElementById("unfold");
  if (unfold) {
    unfold.addEventListener("click", function () {
      var shut = all("main details:not([open])");
      all("main details").forEach(function (node) { node.open = shut.length > 0; });
    });
  }
  function open(node) {
    for (var up = node; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    node.scrollIntoView();
    if (node.tabIndex < 0) { node.setAttribute("tabindex", "-1"); }
    node.focus({ preventScroll: true });
  }
  function short(id) {
    // `NUMA-001@esx-05` where one host only is called esx-05.something
    var at = id.indexOf("@") + 1, found = [];
    if (!at) { return null; }
    all("[id]").forEach(function (node) {
      var name = node.id;
      if (name.slice(0, at) === id.slice(0, at) && name.slice(at).toLowerCase().split(".")[0] === id.slice(at).toLowerCase()) { found.push(node); }
    });
    return found.length === 1 ? found[0] : null;
  }
  function reveal() {
    var id, missing = document.getElementById("missing");
    try { id = decodeURIComponent(location.hash.slice(1)); } catch (error) { id = location.hash.slice(1); }
    if (missing) { missing.textContent = ""; missing.hidden = true; }
    if (!id || location.hash.indexOf("=") >= 0) { return; }
    var node = document.getElementById(id) || short(id);
    if (node) { open(node); return; }
    if (window.elsewhere && window.elsewhere(id)) { return; }
    if (missing) {
      missing.hidden = false;
      missing.textContent = "Nothing here is called " + id + ": the host or check is not in this report, or not one host only has that name.";
      missing.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", reveal);
  window.revealed = reveal;

  function said(button, told) {
    var before = button.getAttribute("data-word");
    button.textContent = told;
    setTimeout(function () { button.textContent = before; }, 4000);
  }
  function fallback(text, button) {
    var area = document.createElement("textarea"), done = false;
    area.value = text;
    area.style.position = "fixed"; area.style.opacity = "0";
    document.body.appendChild(area);
    area.select();
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    document.body.removeChild(area);
    button.focus();
    said(button, done ? "Copied" : "Refused: select and copy by hand");
  }
  function copy(text, button) {
    if (!navigator.clipboard) { fallback(text, button); return; }
    navigator.clipboard.writeText(text).then(function () { said(button, "Copied"); }, function () { fallback(text, button); });
  }
  function buttoned(word, label, text) {
    var button = document.createElement("button");
    button.type = "button"; button.className = "copy"; button.textContent = word;
    button.setAttribute("data-word", word);
    button.setAttribute("aria-label", label);
    button.addEventListener("click", function () { copy(text(), button); });
    return button;
  }
  window.equipped = function (root) {
    all(".cmd.paste pre", root).forEach(function (pre) {
      var text = pre.textContent;
      pre.parentNode.appendChild(buttoned("Copy", "Copy the command " + text.slice(0, 60), function () { return text; }));
    });
    all("article.finding", root).forEach(function (item) {
      var link = item.querySelector("header a.own");
      if (!link) { return; }
      item.querySelector("header").appendChild(buttoned("Copy link", "Copy the link to " + link.textContent, function () {
        return location.href.split("#")[0] + link.getAttribute("href");
      }));
    });
    all("[data-copy]", root).forEach(function (node) {
      var source = document.getElementById(node.getAttribute("data-copy"));
      node.appendChild(buttoned("Copy as text", "Copy the case sheet as text", function () { return source.textContent; }));
    });
  };
  window.equipped(document);
  reveal();
})();
