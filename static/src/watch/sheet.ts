// A sheet over the playing video: a product, or why the video is there.
import { behaviour } from "../modules/behaviour";
import { record } from "./events";

behaviour("[data-sheet]", (element) => {
  const sheet = element as HTMLDialogElement;
  const body = sheet.querySelector<HTMLElement>("[data-sheet-body]");
  const waiting = sheet.querySelector<HTMLTemplateElement>("[data-sheet-waiting]");
  let opened: { token?: string; product?: number } = {};
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLElement>("[data-opens=product-sheet]");
    if (!link) return;
    const token = link.closest<HTMLElement>("[data-clip]")?.dataset.token;
    opened = { token, product: Number(link.dataset.product) };
  });
  sheet.addEventListener("close", () => body?.replaceChildren());
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target } = (event as CustomEvent).detail;
    if (target === body && waiting) body?.replaceChildren(waiting.content.cloneNode(true));
  });
  document.addEventListener("htmx:responseError", (event) => {
    // What is below the product may be missing.
    if (!(event as CustomEvent).detail.target?.matches("[data-near]")) sheet.close();
  });
  document.addEventListener("cart", () => {
    const { token, product } = opened;
    if (sheet.open) record({ token, kind: "cart", product });
    sheet.close();
  });
});
