"use strict";
(() => {
  const THEME = "zoobench-theme";
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // Storage may be forbidden, as in a file that a mail program opens: then the choice lasts as long as the page.
  const kept = {
    read() { try { return localStorage.getItem(THEME); } catch { return null; } },
    write(value) { try { localStorage.setItem(THEME, value); } catch { /* it is not kept */ } },
  };
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);
  const known = kept.read();
  if (known === "dark" || known === "light") root.dataset.theme = known;

  function startTheme() {
    const button = document.getElementById("theme");
    const tell = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      kept.write(root.dataset.theme);
      tell();
    });
    systemIsDark.addEventListener("change", tell);
    tell();
    button.hidden = false;
  }

  function orderOf(row, column) {
    const field = row.cells[column];
    if (field.dataset.order !== undefined) return Number(field.dataset.order);
    return field.classList.contains("number") ? null : field.textContent.trim();
  }

  // What was not measured comes last in either direction; equals stay as they were.
  function compared(one, other, direction) {
    if (one === null || other === null) return (one === null) - (other === null);
    const order = typeof one === "number" ? one - other : one.localeCompare(other);
    return direction === "descending" ? -order : order;
  }

  function startSort(table) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = Array.from(table.tHead.rows[0].cells);
    const next = { none: "ascending", ascending: "descending", descending: "none" };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const direction = next[head.getAttribute("aria-sort")];
        heads.forEach((one) => one.setAttribute("aria-sort", one === head ? direction : "none"));
        const keyed = rows.map((row) => [orderOf(row, column), row]);
        if (direction !== "none") keyed.sort((one, other) => compared(one[0], other[0], direction));
        body.append(...keyed.map((pair) => pair[1]));
      });
    });
  }

  function startFilter(table) {
    const form = document.getElementById("matrix-filters");
    const count = document.getElementById("matrix-count");
    const rows = Array.from(table.tBodies[0].rows);
    const texts = new Map(rows.map((row) => [row, `${row.dataset.cell} ${row.textContent}`.toLowerCase()]));
    const controls = all("[data-filter]", form);
    const holds = (row) => controls.every((control) => {
      const wanted = control.value.trim();
      if (!wanted) return true;
      if (control.dataset.filter !== "text") return row.dataset[control.dataset.filter] === wanted;
      return wanted.toLowerCase().split(/\s+/).every((word) => texts.get(row).includes(word));
    });
    const apply = () => {
      const shown = rows.filter((row) => !row.classList.toggle("is-left-out", !holds(row))).length;
      const cells = rows.length === 1 ? "1 cell" : `${rows.length} cells`;
      count.textContent = shown === rows.length ? cells : `${shown} of ${cells}`;
    };
    all("select", form).forEach((select) => { select.closest("label").hidden = select.options.length < 3; });
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
  }

  function startChoice(select) {
    const parts = all(`[data-${select.dataset.choose}]`);
    const apply = () => parts.forEach((part) => {
      part.classList.toggle("is-left-out", part.dataset[select.dataset.choose] !== select.value);
    });
    select.addEventListener("input", apply);
    select.closest("[hidden]").hidden = false;
    apply();
  }

  // On paper nothing can be opened, so everything is.
  function startPrint() {
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = all("details:not([open])");
      closed.forEach((one) => { one.open = true; });
    });
    addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
  }

  document.addEventListener("DOMContentLoaded", () => {
    const table = document.getElementById("matrix-table");
    startTheme();
    startSort(table);
    startFilter(table);
    all("[data-choose]").forEach(startChoice);
    startPrint();
  });
})();
