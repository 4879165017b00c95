// form[data-variant-editor]: the table of variants follows the options while they are
// typed.  Without the script the server makes the same rows when the form is saved.
import { behaviour } from "./behaviour";

const MOST = 100;

function combinations(lists: string[][]): string[][] {
  return lists.reduce<string[][]>(
    (found, values) => found.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  );
}

behaviour("form[data-variant-editor]", (form) => {
  const rows = form.querySelector<HTMLElement>("[data-variant-rows]");
  const template = form.querySelector<HTMLTemplateElement>("[data-variant-template]");
  const total = form.querySelector<HTMLInputElement>("[name=variant-TOTAL_FORMS]");
  if (!rows || !template || !total) return;

  const field = (row: Element, name: string) =>
    row.querySelector<HTMLInputElement>(`[name$="-${name}"]`);
  const allRows = () => [...rows.querySelectorAll<HTMLElement>("[data-variant-row]")];
  const keyOf = (row: Element) => field(row, "values")?.value || "[]";

  function optionLists(): string[][] {
    const lists: string[][] = [];
    for (const row of form.querySelectorAll("[data-option-row]")) {
      const name = field(row, "name")?.value.trim();
      const text = field(row, "values")?.value ?? "";
      const values = text.split(",").map((value) => value.trim().replace(/\s+/g, " "));
      const list = [...new Set(values.filter(Boolean))];
      if (name && list.length) lists.push(list);
    }
    return lists;
  }

  function newRow(pattern: Element | undefined): HTMLElement {
    const row = (template?.content.firstElementChild as HTMLElement).cloneNode(true);
    const fresh = row as HTMLElement;
    const terms = ["policy", "ships_on", "backorder_limit", "limit_per_buyer"];
    for (const name of ["price", "compare_at", "weight_grams", ...terms]) {
      const [from, to] = [pattern && field(pattern, name), field(fresh, name)];
      if (from && to) to.value = from.value;
    }
    return fresh;
  }

  // Django counts the rows by the numbers in their names.
  function renumber() {
    allRows().forEach((row, index) => {
      for (const element of row.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
        for (const attribute of ["name", "id", "for", "aria-describedby"]) {
          const value = element.getAttribute(attribute);
          if (value) {
            element.setAttribute(attribute, value.replace(/variant-(\d+|__prefix__)-/g, `variant-${index}-`));
          }
        }
      }
    });
    if (total) total.value = String(allRows().length);
  }

  function follow() {
    const wanted = combinations(optionLists());
    if (!wanted.length || wanted.length > MOST) return;
    const before = new Map(allRows().map((row) => [keyOf(row), row]));
    const pattern = allRows()[0];
    const keys = wanted.map((values) => JSON.stringify(values));
    // The row of a product that had no options yet becomes its first combination.
    const orphans = [...before].filter(([key]) => !keys.includes(key));
    const isFirstTime = !keys.some((key) => before.has(key));
    const next = wanted.map((values, index) => {
      const key = keys[index] ?? "[]";
      const reused = isFirstTime ? orphans.shift()?.[1] : undefined;
      const row = before.get(key) ?? reused ?? newRow(pattern);
      const valuesField = field(row, "values");
      if (valuesField) valuesField.value = key;
      const title = row.querySelector("[data-variant-title]");
      if (title) title.textContent = values.join(" / ");
      return row;
    });
    rows?.replaceChildren(...next);
    renumber();
  }

  for (const row of form.querySelectorAll("[data-option-row]")) {
    row.addEventListener("change", follow);
  }
});
