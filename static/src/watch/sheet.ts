// The product sheet over the playing video: variant, price, stock; closes when added.
import { behaviour } from "../modules/behaviour";

const LOW_STOCK = 5;

behaviour("[data-product-sheet]", (element) => {
  const sheet = element as HTMLDialogElement;
  const body = sheet.querySelector<HTMLElement>("#product-sheet-body");
  const waiting = sheet.querySelector<HTMLTemplateElement>("[data-sheet-waiting]");
  sheet.addEventListener("close", () => body?.replaceChildren());
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target } = (event as CustomEvent).detail;
    if (target === body && waiting) body?.replaceChildren(waiting.content.cloneNode(true));
  });
  document.addEventListener("htmx:responseError", () => sheet.close());
  document.addEventListener("cart", () => sheet.close());
});

behaviour("[data-buy]", (form) => {
  const price = form.querySelector<HTMLElement>("[data-buy-price]");
  const was = form.querySelector<HTMLElement>("[data-buy-was]");
  const stock = form.querySelector<HTMLElement>("[data-buy-stock]");
  const quantity = form.querySelector<HTMLInputElement>("[name=quantity]");
  const show = (variant: HTMLElement) => {
    const available = Number(variant.dataset.available);
    if (price) price.textContent = variant.dataset.price ?? "";
    if (was) {
      was.textContent = variant.dataset.was ?? "";
      was.hidden = !variant.dataset.was;
    }
    if (quantity) quantity.max = String(Math.max(available, 1));
    if (stock && available > 0 && available <= LOW_STOCK) {
      stock.textContent = (stock.dataset.textLow ?? "").replace("%d", String(available));
    }
  };
  form.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (field.name === "variant") show(field);
  });
  const choices = form.querySelectorAll<HTMLInputElement>("[name=variant]:not(:disabled)");
  const only = choices[0];
  if (only && choices.length === 1) {
    only.checked = true;
    show(only);
  }
});
