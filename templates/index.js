(function () {
  "use strict";
  // The table of a large fleet: all hosts are data, and only the rows in sight are elements.
  var data = JSON.parse(document.getElementById("data").textContent);
  var MARK = { p: "✓", f: "✕", u: "?", e: "!", n: "-" };
  var NAME = { p: "pass", f: "fail", u: "unknown", e: "error", n: "notapplicable" };
  var WORST = "feupn.", HEIGHT = 27, AROUND = 12, PRINTED = 2000;
  var table = document.getElementById("rows"), frame = document.getElementById("window");
  var body = table.tBodies[0], find = document.getElementById("find"), shown = document.getElementById("shown");
  var boxes = Array.prototype.slice.call(document.querySelectorAll("input[name=answer]"));
  var head = table.tHead.rows[0], by = 1, down = 1, first = -1, whole = false;
  var ids = data.checks.map(function (check) { return check[0].toLowerCase(); });

  function count(told, letters) {
    var number = 0;
    for (var at = 0; at < told.length; at++) { if (letters.indexOf(told[at]) >= 0) { number++; } }
    return number;
  }
  var hosts = data.rows.map(function (row) {
    var told = row[2];
    return {
      name: row[0], verdict: row[1], told: told, fails: count(told, "f"), blind: count(told, "ue"),
      cluster: data.words[row[3]], release: data.words[row[4]], gpus: data.words[row[5]],
      file: row.length > 6 ? row[6] : row[0] + ".html"
    };
  });
  hosts.forEach(function (host) {
    host.text = [host.name, host.cluster, host.release, host.gpus, data.answers[host.verdict]].join(" ").toLowerCase();
  });
  var visible = hosts;

  function value(host, column) {
    switch (column) {
      case 0: return host.name;
      case 1: return host.verdict * 1e6 - host.fails * 1e3 - host.blind;
      case 2: return -host.fails;
      case 3: return -host.blind;
      case 4: return host.cluster;
      case 5: return host.release;
      case 6: return host.gpus;
      default: return WORST.indexOf(host.told[column - 7]);
    }
  }
  function compare(one, other) {
    var a = value(one, by), b = value(other, by);
    if (a !== b) { return (a < b ? -1 : 1) * down; }
    return one.name < other.name ? -1 : 1;
  }
  function cell(tag, text, name) {
    var made = document.createElement(tag);
    if (name) { made.className = name; }
    if (text !== undefined) { made.textContent = text; }
    return made;
  }
  function link(host, check) {
    if (!data.files) { return null; }
    return data.files + encodeURIComponent(host.file) + (check ? "#" + encodeURIComponent(check + "@" + host.name) : "");
  }
  function anchored(text, href) {
    var made = cell("a", text);
    if (href) { made.href = href; }
    return made;
  }
  function draw(host) {
    var row = document.createElement("tr"), name = cell("th");
    name.scope = "row";
    name.title = host.name;
    name.appendChild(anchored(host.name, link(host)));
    row.appendChild(name);
    var verdict = cell("td", undefined, "verdict"), answer = data.answers[host.verdict];
    verdict.appendChild(cell("span", data.marks[host.verdict] + " " + answer, "tag " + answer.toLowerCase()));
    row.appendChild(verdict);
    [host.fails, host.blind].forEach(function (number) { row.appendChild(cell("td", number || "", "number")); });
    [host.cluster, host.release, host.gpus].forEach(function (text) {
      var made = cell("td", text, "words");
      made.title = text;
      row.appendChild(made);
    });
    data.checks.forEach(function (check, at) {
      var told = host.told[at], made = cell("td", undefined, NAME[told] ? NAME[told] + " " + check[2] : "none");
      if (check[3]) { made.className += " family"; }
      if (NAME[told]) {
        var square = anchored(MARK[told], link(host, check[0]));
        square.title = check[0] + " on " + host.name + ": " + NAME[told];
        made.appendChild(square);
      }
      row.appendChild(made);
    });
    return row;
  }
  function blank(height) {
    var row = document.createElement("tr"), made = cell("td");
    row.className = "blank-row";
    made.colSpan = 7 + data.checks.length;
    made.style.height = height + "px";
    row.appendChild(made);
    return row;
  }
  function show(again) {
    var from = whole ? 0 : Math.max(0, Math.floor(frame.scrollTop / HEIGHT) - AROUND);
    from -= from % AROUND;
    if (!again && from === first) { return; }
    first = from;
    var to = whole ? Math.min(visible.length, PRINTED)
      : Math.min(visible.length, from + Math.ceil(frame.clientHeight / HEIGHT) + 3 * AROUND);
    var drawn = document.createDocumentFragment();
    if (from) { drawn.appendChild(blank(from * HEIGHT)); }
    for (var at = from; at < to; at++) { drawn.appendChild(draw(visible[at])); }
    if (!whole && to < visible.length) { drawn.appendChild(blank((visible.length - to) * HEIGHT)); }
    if (whole && to < visible.length) {
      var more = blank(HEIGHT);
      more.firstChild.textContent = "and " + (visible.length - to) + " more: filter before printing";
      drawn.appendChild(more);
    }
    body.textContent = "";
    body.appendChild(drawn);
  }
  function sift() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean), wanted = {};
    boxes.forEach(function (box) { wanted[box.value] = box.checked; });
    visible = hosts.filter(function (host) {
      return wanted[host.verdict] && words.every(function (word) {
        var check = ids.indexOf(word);
        return check >= 0 ? "feu".indexOf(host.told[check]) >= 0 : host.text.indexOf(word) >= 0;
      });
    });
    visible.sort(compare);
    shown.textContent = visible.length + " of " + hosts.length + " hosts";
    table.setAttribute("aria-rowcount", visible.length);
    frame.scrollTop = 0;
    show(true);
  }
  function order(column) {
    down = column === by ? -down : 1;
    by = column;
    Array.prototype.forEach.call(head.cells, function (one, at) {
      if (at === by) { one.setAttribute("aria-sort", down > 0 ? "ascending" : "descending"); } else { one.removeAttribute("aria-sort"); }
    });
    sift();
  }
  function jump() {
    var id = decodeURIComponent(location.hash.slice(1));
    if (ids.indexOf(id.toLowerCase()) < 0) { return; }
    find.value = id;
    sift();
    document.getElementById("fleet").scrollIntoView();
  }
  data.checks.forEach(function (check) {
    var made = cell("th", undefined, check[3] ? "check family" : "check"), button = cell("button", check[0]);
    button.type = "button";
    made.scope = "col";
    button.title = check[1];
    made.appendChild(button);
    head.appendChild(made);
  });
  Array.prototype.forEach.call(head.cells, function (one, at) {
    if (at < 7) {
      var button = cell("button", one.textContent);
      button.type = "button";
      one.textContent = "";
      one.appendChild(button);
    }
    one.addEventListener("click", function () { order(at); });
  });
  document.querySelector("form.tools").hidden = false;
  document.querySelector("form.tools").addEventListener("submit", function (event) { event.preventDefault(); });
  find.addEventListener("input", sift);
  boxes.forEach(function (box) { box.addEventListener("change", sift); });
  frame.addEventListener("scroll", function () { show(false); });
  window.addEventListener("resize", function () { show(true); });
  window.addEventListener("hashchange", jump);
  window.addEventListener("beforeprint", function () { whole = true; show(true); });
  window.addEventListener("afterprint", function () { whole = false; show(true); });
  sift();
  jump();
  document.documentElement.setAttribute("data-ready", Math.round(performance.now()));
})();
