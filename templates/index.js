(function () {
  "use strict";
  // The table of a large fleet: all hosts are data, and only the rows in sight are elements.
  var MARK = { p: "✓", f: "✕", u: "?", e: "!", n: "-", o: "·" };
  var NAME = { p: "pass", f: "fail", u: "unknown", e: "error", n: "notapplicable", o: "notselected" };
  var WORST = "feuopn.", HEIGHT = 28, AROUND = 12, PRINTED = 2000, FACTS = 7;
  var table = document.getElementById("rows"), frame = document.getElementById("window");
  if (!sift || !table) { return; }
  var body = table.tBodies[0], head = table.tHead.rows[0], data, hosts, grid;
  var by = 1, down = 1, first = -1, last = 0, whole = false, visible = [], columns = [];

  function value(host, column) {
    switch (column) {
      case 0: return host.name;
      case 1: return host.verdict * 1e6 - host.fails * 1e3 - host.blind;
      case 2: return -host.fails;
      case 3: return -host.blind;
      case 4: return host.cluster;
      case 5: return host.release;
      case 6: return host.gpus;
      default: return WORST.indexOf(host.told[column - FACTS]);
    }
  }
  function compare(one, other) {
    if (by === 1 && one.cluster !== other.cluster) { return other.cluster === "" || (one.cluster !== "" && one.cluster < other.cluster) ? -1 : 1; }
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
    var key = host.own === undefined ? host.name : host.own;
    if (data.files) {
      return data.files + encodeURIComponent(host.own || host.name + ".html") + (check ? "#" + encodeURIComponent(check) + "@this" : "");
    }
    return data.single ? "#" + encodeURIComponent((check || "host") + "@" + key) : null;
  }
  function anchored(text, href) {
    var made = cell("a", text);
    if (href) { made.href = href; }
    made.tabIndex = -1;
    return made;
  }
  function answered(host) {
    var made = cell("td", undefined, "verdict"), answer = data.answers[host.verdict], why = sift.because(host);
    made.appendChild(cell("span", data.marks[host.verdict] + " " + answer + (answer === "GO" && host.blind ? ", " + host.blind + " unknown" : ""), "tag " + answer.toLowerCase() + (answer === "GO" && host.blind ? " blind" : "")));
    if (why.length) { made.appendChild(cell("span", " " + why.slice(0, 2).join(" ") + (why.length > 2 ? " +" + (why.length - 2) : ""), "why")); }
    return made;
  }
  function draw(host, at) {
    var row = document.createElement("tr"), name = cell("th");
    row.setAttribute("data-row", at);
    if (host.heading !== undefined) {
      row.className = "cluster";
      name.scope = "rowgroup";
      name.colSpan = FACTS;
      name.textContent = host.heading;
      row.appendChild(name);
      return row;
    }
    name.scope = "row";
    name.title = host.name;
    name.appendChild(anchored(host.name, link(host)));
    row.appendChild(name);
    row.appendChild(answered(host));
    [host.fails, host.blind].forEach(function (number) { row.appendChild(cell("td", number || "", "number")); });
    [host.cluster, host.release, host.gpus].forEach(function (text) {
      var made = cell("td", text, "words");
      made.title = text;
      row.appendChild(made);
    });
    columns.forEach(function (column) {
      var check = data.checks[column], told = host.told[column];
      var made = cell("td", undefined, NAME[told] ? NAME[told] + " " + check[2] : "none");
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
    made.colSpan = FACTS + columns.length;
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
    last = to;
    var drawn = document.createDocumentFragment();
    if (from) { drawn.appendChild(blank(from * HEIGHT)); }
    for (var at = from; at < to; at++) { drawn.appendChild(draw(visible[at], at)); }
    if (!whole && to < visible.length) { drawn.appendChild(blank((visible.length - to) * HEIGHT)); }
    if (whole && to < visible.length) {
      var more = blank(HEIGHT);
      more.firstChild.textContent = "and " + (visible.length - to) + " more: filter before printing";
      drawn.appendChild(more);
    }
    var held = body.contains(document.activeElement);
    body.textContent = "";
    body.appendChild(drawn);
    if (grid) { grid.refresh(held); }
  }
  function grouped(left) {
    if (by !== 1) { return left; }
    var made = [], before, group, counts;
    left.forEach(function (host) {
      if (host.cluster !== before) {
        before = host.cluster;
        counts = {};
        group = { heading: "", cluster: before, counts: counts };
        made.push(group);
      }
      counts[host.verdict] = (counts[host.verdict] || 0) + 1;
      group.heading = (before || "In no cluster") + ": " + Object.keys(counts).map(function (verdict) {
        return counts[verdict] + " " + data.answers[verdict];
      }).join(", ");
    });
    if (made.length < 2) { return left; }
    var all = [], at = -1;
    left.forEach(function (host) {
      if (at < 0 || made[at].cluster !== host.cluster) { at++; all.push(made[at]); }
      all.push(host);
    });
    return all;
  }
  function headings() {
    while (head.cells.length > FACTS) { head.removeChild(head.lastChild); }
    columns.forEach(function (column) {
      var check = data.checks[column], made = cell("th", undefined, "check");
      made.scope = "col";
      made.setAttribute("data-by", column + FACTS);
      made.appendChild(sorter(check[0], check[1]));
      head.appendChild(made);
    });
    Array.prototype.forEach.call(head.cells, function (one) {
      if (+one.getAttribute("data-by") === by) { one.setAttribute("aria-sort", down > 0 ? "ascending" : "descending"); } else { one.removeAttribute("aria-sort"); }
    });
  }
  function sorter(text, title) {
    var button = cell("button", text);
    button.type = "button";
    button.tabIndex = -1;
    if (title) {
      var words = cell("span", title);
      button.appendChild(document.createTextNode(" "));
      button.appendChild(words);
      button.title = title;
    }
    return button;
  }
  function order(column) {
    down = column === by ? -down : 1;
    by = column;
    sift.sort((down < 0 ? "-" : "") + (by < FACTS ? by : data.checks[by - FACTS][0]));
    sift.apply();
  }
  function sorted() {
    var told = sift.sort().replace(/^-/, ""), at = data.checks.map(function (check) { return check[0]; }).indexOf(told);
    if (!sift.sort()) { by = 1; down = 1; return; }
    down = sift.sort()[0] === "-" ? -1 : 1;
    by = at >= 0 ? at + FACTS : +told >= 0 && +told < FACTS ? +told : 1;
  }
  window.elsewhere = function (id) {
    if (!hosts) { return true; }
    if (sift.check(id)) { sift.find(id); return true; }
    var at = id.indexOf("@"), host = at > 0 ? sift.named(id.slice(at + 1)) : null;
    var check = id.slice(0, at), href = host && link(host, check === "host" ? "" : check);
    if (href && data.files) { location.replace(href); return true; }
    if (host && data.single) {
      var key = host.own === undefined ? host.name : host.own;
      return single.reach(key, function () { location.replace("#" + encodeURIComponent(check + "@" + key)); window.revealed(); });
    }
    return false;
  };
  sift.start(function (told, all) {
    data = told;
    hosts = all;
    Array.prototype.forEach.call(head.cells, function (one, at) {
      var text = one.textContent;
      one.textContent = "";
      one.setAttribute("data-by", at);
      one.appendChild(sorter(text));
    });
    head.addEventListener("click", function (event) {
      var one = event.target.closest("th");
      if (one) { order(+one.getAttribute("data-by")); }
    });
    frame.addEventListener("scroll", function () { show(false); });
    window.addEventListener("resize", function () { show(true); });
    window.addEventListener("beforeprint", function () { whole = true; show(true); });
    window.addEventListener("afterprint", function () { whole = false; show(true); });
    function target(row, column, still) {
      if (row < 0) { return head.cells[column].querySelector("button"); }
      if ((row < first || row >= last) && still) { return null; }
      var top = row * HEIGHT, head_ = table.tHead.offsetHeight;
      if (!still && (top < frame.scrollTop || top + head_ + 2 * HEIGHT > frame.scrollTop + frame.clientHeight)) {
        frame.scrollTop = Math.max(0, top - frame.clientHeight / 2);
        show(false);
      }
      var found = body.querySelector("tr[data-row='" + row + "']");
      return found && found.cells[column] ? found.cells[column].querySelector("a") : null;
    }
    grid = sift.grid(table, {
      rows: function () { return visible.length; },
      columns: function () { return FACTS + columns.length; },
      has: function (row, column) {
        if (row < 0) { return true; }
        var host = visible[row];
        if (!host || host.heading !== undefined) { return false; }
        return column === 0 || (column >= FACTS && !!NAME[host.told[columns[column - FACTS]]]);
      },
      link: target,
      where: function (node) {
        var one = node.closest("td, th"), row = one && one.parentNode;
        return one ? [row === head ? -1 : +row.getAttribute("data-row"), one.cellIndex] : null;
      }
    });
    setTimeout(function () {
      document.documentElement.setAttribute("data-ready", Math.round(performance.now()));
      if (window.revealed) { window.revealed(); }
    });
    return function (left, shown) {
      columns = shown;
      if (data.single) { single.sift(left); }
      sorted();
      headings();
      visible = grouped(left.sort(compare));
      table.setAttribute("aria-rowcount", visible.length + 1);
      frame.scrollTop = 0;
      show(true);
    };
  });
})();
