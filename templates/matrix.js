(function () {
  "use strict";
  // The table of one page: its rows are there, and are hidden by the filter.
  var table = document.getElementById("matrix");
  if (!sift || !table) { return; }
  var rows = Array.prototype.slice.call(table.querySelectorAll("tr[data-at]"));
  var head = table.tHead.rows[0], left = rows, cells = [];
  function link(row, column) {
    var cell = (row < 0 ? head : left[row]).cells[column];
    return cell && !cell.hidden ? cell.querySelector("a") : null;
  }
  sift.start(function () {
    var sections = {}, grid;
    Array.prototype.forEach.call(document.querySelectorAll("[data-host]"), function (node) {
      sections[node.getAttribute("data-host")] = node;
    });
    rows.forEach(function (row) { cells[row.getAttribute("data-at")] = row; });
    Array.prototype.forEach.call(table.querySelectorAll("a"), function (one) { one.tabIndex = -1; });
    grid = sift.grid(table, {
      rows: function () { return left.length; },
      columns: function () { return head.cells.length; },
      has: function (row, column) { return !!((row < 0 || left[row]) && link(row, column)); },
      link: link,
      where: function (node) {
        var cell = node.closest("td, th"), row = cell && cell.parentNode;
        return cell ? [row === head ? -1 : left.indexOf(row), cell.cellIndex] : null;
      }
    });
    return function (hosts, columns) {
      var wanted = {};
      hosts.forEach(function (host) { wanted[host.at] = true; });
      left = rows.filter(function (row) {
        var at = row.getAttribute("data-at");
        row.hidden = !wanted[at];
        if (sections[at]) { sections[at].hidden = !wanted[at]; }
        return wanted[at];
      });
      [head].concat(rows).forEach(function (row) {
        for (var at = 2; at < row.cells.length; at++) { row.cells[at].hidden = columns.indexOf(at - 2) < 0; }
      });
      Array.prototype.forEach.call(table.querySelectorAll("tr.cluster"), function (row) {
        var any = false;
        for (var next = row.nextElementSibling; next && !next.classList.contains("cluster"); next = next.nextElementSibling) { any = any || !next.hidden; }
        row.hidden = !any;
      });
      grid.refresh();
    };
  });
})();
