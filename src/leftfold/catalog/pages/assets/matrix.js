"use strict";
/* Who follows whom as a table: groups first when there are many contexts, and a group that is opened shows its own. */
(() => {
  const { element, count } = leftfold;
  const MARKS = { directed: "U", listens: "e", partnership: "P", "shared-kernel": "K", "separate-ways": "x" };
  const MOST_AT_ONCE = 60;
  const COLUMN = { team: 2, subdomain: 3, domain: 6 };
  const place = document.getElementById("matrix");
  const told = document.getElementById("told");
  const buttons = [...document.querySelectorAll("[data-by]")];

  function groupOf(context, by) {
    return by === "none" ? "" : leftfold.contexts[context][COLUMN[by]] || `no ${by}`;
  }

  /* Rows of the table, each a context or a closed group, in order; and which row each context is in. */
  function entries(by, open) {
    const groups = new Map();
    leftfold.contexts.forEach((one, number) => {
      const name = groupOf(number, by);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(number);
    });
    const rows = [];
    const rowOf = new Map();
    for (const name of [...groups.keys()].sort(leftfold.compare)) {
      const members = groups.get(name);
      if (by === "none" || open.has(name)) {
        members.forEach((context, at) => {
          rowOf.set(context, rows.length);
          rows.push({ context, group: by !== "none" && at === 0 ? name : null });
        });
      } else {
        for (const context of members) rowOf.set(context, rows.length);
        rows.push({ group: name, size: members.length });
      }
    }
    return { rows, rowOf };
  }

  /* What stands in each cell: marks between two contexts, how many lines when one of both is a group. */
  function cells(rows, rowOf) {
    const found = new Map();
    const add = (row, column, mark) => {
      const key = row * rows.length + column;
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(mark);
    };
    for (const [source, target, kind] of leftfold.links) {
      const name = leftfold.kinds[kind];
      add(rowOf.get(target), rowOf.get(source), MARKS[name]);
      if (name !== "directed" && name !== "listens") add(rowOf.get(source), rowOf.get(target), MARKS[name]);
    }
    return found;
  }

  function head(row, scope) {
    const group = row.group === null || row.group === undefined ? null : element(
      "button", { type: "button", "data-group": row.group, "aria-expanded": String(row.size === undefined) },
      row.size === undefined ? row.group : `${row.group} (${count(row.size)})`,
    );
    const context = row.context === undefined ? null : leftfold.contextLink(row.context);
    return element("th", { scope, class: row.context === undefined ? "group" : null }, group, group && context ? " " : "", context);
  }

  function wordsOf(row) {
    return row.context === undefined ? row.group : leftfold.contexts[row.context][0];
  }

  function table(rows, found) {
    const body = rows.map((row, at) => {
      const line = element("tr", {}, head(row, "row"));
      rows.forEach((column, other) => {
        const marks = found.get(at * rows.length + other);
        const cell = document.createElement("td");
        if (at === other) cell.className = "own";
        if (marks) {
          const both = row.context !== undefined && column.context !== undefined;
          cell.textContent = both ? [...new Set(marks)].join("") : count(marks.length);
          cell.className += both ? " mark" : " many";
          cell.title = `${wordsOf(row)} follows ${wordsOf(column)}`;
        }
        line.append(cell);
      });
      return line;
    });
    const top = element("tr", {}, element("td", {}), ...rows.map((row) => head(row, "col")));
    return element("table", { class: "matrix" }, element("thead", {}, top), element("tbody", {}, ...body));
  }

  /* The finest grouping that is a table to look at; one group alone says nothing. */
  function first() {
    const sizes = ["none", "team", "domain", "subdomain"].map((by) => [by, by === "none" ? leftfold.contexts.length
      : new Set(leftfold.contexts.map((_, number) => groupOf(number, by))).size]);
    const [found] = sizes.filter(([by, size]) => size <= MOST_AT_ONCE && (size > 1 || by === "none"));
    return found ? found[0] : "team";
  }

  function state() {
    const said = leftfold.hash();
    const by = said.get("by") in { team: 1, subdomain: 1, domain: 1, none: 1 } ? said.get("by") : first();
    return { by, open: new Set(said.getAll("open")) };
  }

  function show() {
    const { by, open } = state();
    const { rows, rowOf } = entries(by, open);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.by === by));
    told.textContent = `${count(rows.length)} rows for ${count(leftfold.contexts.length)} contexts`;
    place.replaceChildren(table(rows, cells(rows, rowOf)));
  }

  function go(by, open) {
    const said = new URLSearchParams({ by });
    for (const name of open) said.append("open", name);
    leftfold.setHash(said);
    show();
  }

  for (const button of buttons) {
    const each = button.dataset.by === "none" && leftfold.contexts.length > 5 * MOST_AT_ONCE;
    if (each) button.hidden = true; // a table of a million cells is for nobody
    button.addEventListener("click", () => go(button.dataset.by, []));
  }
  place.addEventListener("click", (event) => {
    const name = event.target.closest("[data-group]")?.dataset.group;
    if (name === undefined) return;
    const { by, open } = state();
    if (!open.delete(name)) open.add(name);
    go(by, open);
  });
  window.addEventListener("hashchange", show);
  show();
})();
