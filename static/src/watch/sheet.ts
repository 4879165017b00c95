// The product sheet over the playing video: variant, price, stock; closes when added.
import { behaviour } from "../modules/behaviour";

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
