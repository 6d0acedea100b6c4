"use strict";

// One button shows and hides the code of all cells.
const code = document.getElementById("show-code");
if (code) {
  code.hidden = false;
  code.addEventListener("click", () => {
    code.setAttribute("aria-pressed", document.body.classList.toggle("with-code"));
  });
}

// Heads of tables are buttons that sort the rows, by number where the column holds numbers.
const amount = (text) => {
  const found = text.replaceAll(",", "").replaceAll("−", "-").match(/[-+]?\d+(\.\d+)?(e[-+]?\d+)?/);
  return found ? Number(found[0]) : NaN;
};
function sort(head) {
  const down = head.getAttribute("aria-sort") === "ascending";
  const numeric = head.classList.contains("num");
  const body = head.closest("table").tBodies[0];
  const rows = [...body.rows].map((row) => {
    const text = row.cells[head.cellIndex].textContent.trim();
    return [numeric ? amount(text) : text, row];
  });
  rows.sort(([a], [b]) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b); // what is missing stays last
    const order = numeric ? a - b : a.localeCompare(b);
    return down ? -order : order;
  });
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  body.append(...rows.map(([, row]) => row));
}
for (const head of document.querySelectorAll(".numbers thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sort(head));
}
