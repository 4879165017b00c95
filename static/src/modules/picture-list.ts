// [data-sortable]: pictures dragged into another order; the arrow buttons do the same.
import { behaviour } from "./behaviour";
import { csrfToken, htmx } from "./htmx";

behaviour("[data-sortable]", (list) => {
  let dragged: HTMLElement | null = null;
  list.addEventListener("dragstart", (event) => {
    dragged = (event.target as Element).closest<HTMLElement>("[data-sort-key]");
    dragged?.classList.add("is-dragged");
  });
  list.addEventListener("dragover", (event) => {
    const over = (event.target as Element).closest<HTMLElement>("[data-sort-key]");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const items = [...list.children];
    const isAfter = items.indexOf(dragged) < items.indexOf(over);
    over[isAfter ? "after" : "before"](dragged);
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    if (!dragged) return;
    dragged = null;
    const items = [...list.querySelectorAll<HTMLElement>("[data-sort-key]")];
    htmx.ajax("post", list.dataset.sortUrl ?? "", {
      target: "#pictures",
      swap: "outerHTML",
      headers: { "X-CSRFToken": csrfToken() },
      values: { media: items.map((item) => item.dataset.sortKey) },
    });
  });
});

// form[data-picture-drop]: chosen or dropped pictures are sent at once.
behaviour("form[data-picture-drop]", (element) => {
  const form = element as HTMLFormElement;
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  const button = form.querySelector<HTMLButtonElement>("button");
  if (!input) return;
  if (button) button.hidden = true;
  input.addEventListener("change", () => {
    if (input.files?.length) form.requestSubmit();
  });
  form.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("is-over"));
  form.addEventListener("drop", (event) => {
    form.classList.remove("is-over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
});
