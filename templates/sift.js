var sift = (function () {
  "use strict";
  // What a table of hosts is filtered by, kept in the address: a link shows what its sender saw.
  var form = document.getElementById("sift"), holder = document.getElementById("data");
  if (!form || !holder) { return null; }
  var KEYS = ["q", "v", "status", "severity", "family", "cluster", "gpu", "driver", "only", "sort"];
  var LETTERS = { fail: "f", unknown: "ue", pass: "p", notapplicable: "n", notselected: "o" };
  var find = form.elements.q, shown = document.getElementById("shown");
  var boxes = Array.prototype.slice.call(form.querySelectorAll("input[name=v]"));
  var data, hosts, ids, draw, sort = "", only = "";

  function read(text) {
    data = JSON.parse(text);
    ids = data.checks.map(function (check) { return check[0].toLowerCase(); });
    hosts = data.rows.map(function (row, at) {
      var host = {
        at: at, name: row[0], verdict: row[1], told: row[2], fails: row[3], blind: row[4],
        cluster: data.words[row[5]], release: data.words[row[6]], gpus: data.words[row[7]],
        driver: data.words[row[8]], vm: row[9], serial: row[10], own: row[11]
      };
      host.text = [host.name, host.cluster, host.release, host.gpus, host.driver, host.vm, host.serial,
        data.answers[host.verdict]].join("\n").toLowerCase();
      return host;
    });
  }
  function options(name, values) {
    var select = form.elements[name], sorted = values.sort();
    sorted.forEach(function (value, at) {
      if (!value || value === sorted[at - 1]) { return; }
      var made = document.createElement("option");
      made.value = made.textContent = value;
      select.appendChild(made);
    });
    select.parentNode.hidden = select.options.length < 3;
  }
  function kinds() {
    var found = [];
    hosts.forEach(function (host) {
      host.gpus.split(", ").forEach(function (one) { found.push(one.replace(/^\d+ x /, "")); });
    });
    return found;
  }
  function picked(name) { return form.elements[name].value; }
  function wanted() {
    // Columns that the choices leave, and the letters that a host must have in one of them.
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean), checks = [];
    words = words.filter(function (word) {
      var id = word.replace(/^check:/, ""), at = ids.indexOf(id);
      if (at >= 0) { checks.push(at); return false; }
      return true;
    });
    var columns = [];
    data.checks.forEach(function (check, at) {
      if (picked("severity") && check[2] !== picked("severity")) { return; }
      if (picked("family") && check[3] !== picked("family")) { return; }
      if (checks.length && checks.indexOf(at) < 0) { return; }
      columns.push(at);
    });
    var any = picked("status") || picked("severity") || picked("family");
    return { words: words, checks: checks, columns: columns, letters: LETTERS[picked("status")] || (checks.length ? "feu" : "f"), any: any };
  }
  function has(host, word) {
    var at = word.indexOf(":"), key = word.slice(0, at), value = word.slice(at + 1);
    if (at > 0 && value) {
      if (key === "host") { return host.name.toLowerCase().indexOf(value) >= 0; }
      if (key === "gpu") { return host.gpus.toLowerCase().indexOf(value) >= 0; }
      if (key === "esxi") { return host.release.toLowerCase().indexOf(value) >= 0; }
      if (["vm", "driver", "serial", "cluster"].indexOf(key) >= 0) { return host[key].toLowerCase().indexOf(value) >= 0; }
    }
    return host.text.indexOf(word) >= 0;
  }
  function apply(keep) {
    var asked = wanted(), verdicts = {}, every = true;
    boxes.forEach(function (box) { verdicts[box.value] = box.checked; every = every && !box.checked; });
    var left = hosts.filter(function (host) {
      var lies = function (at) { return asked.letters.indexOf(host.told[at]) >= 0; };
      return (!only || ("," + only + ",").indexOf("," + host.name + ",") >= 0)
        && (every || verdicts[data.answers[host.verdict]])
        && (!picked("cluster") || host.cluster === picked("cluster"))
        && (!picked("driver") || host.driver === picked("driver"))
        && (!picked("gpu") || host.gpus.indexOf(picked("gpu")) >= 0)
        && asked.checks.every(lies) && (!asked.any || asked.columns.some(lies))
        && asked.words.every(function (word) { return has(host, word); });
    });
    shown.textContent = left.length + " of " + hosts.length + " hosts" + (only ? " (of those that were named)" : "") + (left.length ? "" : nothing(asked) || ": none matches, Clear shows all");
    if (!keep) { remember(); }
    draw(left, asked.columns);
  }
  function nothing(asked) {
    if (!asked.words.length) { return ""; }
    var quiet = asked.words.filter(function (word) {
      return data.others.indexOf(word.replace(/^check:/, "").toUpperCase()) >= 0;
    });
    return quiet.length ? ": " + quiet[0].toUpperCase() + " fails, and is unknown, nowhere" : "";
  }
  function remember() {
    var told = new URLSearchParams();
    KEYS.forEach(function (key) {
      var value = key === "sort" ? sort : key === "only" ? only : key === "q" ? find.value.trim() : picked(key);
      if (key === "v") { value = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; }).join(","); }
      if (value) { told.set(key, value); }
    });
    var state = told.toString();
    if (state || location.hash.indexOf("=") >= 0) { history.replaceState(null, "", state ? "#" + state : location.pathname + location.search); }
  }
  function recall() {
    if (location.hash.indexOf("=") < 0) { return false; }
    var told = new URLSearchParams(location.hash.slice(1));
    boxes.forEach(function (box) { box.checked = (told.get("v") || "").toUpperCase().split(",").indexOf(box.value) >= 0; });
    find.value = told.get("q") || "";
    KEYS.slice(2, 8).forEach(function (key) {
      var value = told.get(key) || "", select = form.elements[key];
      select.value = value;
      if (select.value !== value) { select.value = ""; find.value = (find.value + " " + value).trim(); }
    });
    sort = told.get("sort") || "";
    only = told.get("only") || "";
    return true;
  }
  function show() { document.getElementById("fleet").scrollIntoView(); }
  function grid(table, at) {
    // One tab stop: arrows, Home, End, page keys go through squares and headings.
    var row = 0, column = 0;
    function go(down, right, row_, column_) {
      for (var r = row_ + down, c = column_ + right; r >= -1 && r < at.rows() && c >= 0 && c < at.columns(); r += down, c += right) {
        if (at.has(r, c)) { focus(r, c); return; }
        if (!down && !right) { return; }
      }
    }
    function focus(r, c) {
      row = r; column = c;
      var link = at.link(r, c);
      if (link) { settle(link); link.focus(); }
    }
    function settle(link) {
      var before = table.querySelectorAll("[tabindex='0']");
      Array.prototype.forEach.call(before, function (one) { one.tabIndex = -1; });
      link.tabIndex = 0;
    }
    table.addEventListener("keydown", function (event) {
      var page = Math.max(1, Math.floor(table.parentNode.clientHeight / 27) - 2), key = event.key;
      var moves = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
      if (event.altKey || event.metaKey) { return; }
      if (moves[key]) { go(moves[key][0], moves[key][1], row, column); }
      else if (key === "Home") { go(event.ctrlKey ? 1 : 0, event.ctrlKey ? 0 : 1, event.ctrlKey ? -1 : row, -1 + (event.ctrlKey ? 1 : 0)); }
      else if (key === "End") { go(0, -1, row, at.columns()); }
      else if (key === "PageDown") { go(1, 0, Math.min(at.rows() - 2, row + page - 1), column); }
      else if (key === "PageUp") { go(-1, 0, Math.max(1, row - page + 1), column); }
      else { return; }
      event.preventDefault();
    });
    table.addEventListener("focusin", function (event) {
      var found = at.where(event.target);
      if (found) { row = found[0]; column = found[1]; settle(event.target); }
    });
    return {
      refresh: function (held) {
        var first = at.has(row, column) ? at.link(row, column, true) : null;
        first = first || table.querySelector("tbody a, tbody button");
        if (first) { settle(first); if (held) { first.focus({ preventScroll: true }); } }
      }
    };
  }
  function because(host) {
    var letters = { "NO-GO": "f", UNSURE: "ue" }[data.answers[host.verdict]] || "";
    return data.checks.filter(function (check, at) {
      return check[2] === "required" && letters.indexOf(host.told[at]) >= 0 && host.told[at];
    }).map(function (check) { return check[0]; });
  }
  function start(drawn) {
    draw = drawn;
    options("cluster", hosts.map(function (host) { return host.cluster; }));
    options("driver", hosts.map(function (host) { return host.driver; }));
    options("gpu", kinds());
    options("family", data.checks.map(function (check) { return check[3]; }));
    form.hidden = false;
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("reset", function () { sort = ""; only = ""; setTimeout(apply); });
    form.addEventListener("input", function () { apply(); });
    Array.prototype.forEach.call(document.querySelectorAll("[data-set]"), function (link) {
      link.addEventListener("click", function (event) {
        event.preventDefault();
        location.hash = link.getAttribute("data-set");
        if (recall()) { apply(); show(); }
      });
    });
    window.addEventListener("hashchange", function () { if (recall()) { apply(true); show(); } });
    var told = recall();
    apply(true);
    if (told) { show(); }
  }
  return {
    start: function (ready) {
      function go(text) { read(text); start(ready(data, hosts)); }
      if (holder.type === "application/json") { go(holder.textContent); return; }
      var bytes = Uint8Array.from(atob(holder.textContent), function (letter) { return letter.charCodeAt(0); });
      var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      new Response(stream).text().then(go);
    },
    apply: apply, grid: grid, because: because, show: show,
    find: function (text) { find.value = text; apply(); show(); },
    sort: function (told) { if (told !== undefined) { sort = told; } return sort; },
    check: function (id) { return ids.indexOf(id.toLowerCase()) >= 0; },
    named: function (name) {
      var found = hosts.filter(function (host) { return host.name === name; });
      if (!found.length) { found = hosts.filter(function (host) { return host.name.toLowerCase().split(".")[0] === name.toLowerCase(); }); }
      return found.length === 1 ? found[0] : null;
    }
  };
})();
