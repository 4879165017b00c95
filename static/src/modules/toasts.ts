// A short word at the foot of the page.  The server asks for one with the header
// HX-Trigger: {"toast": {"text": "Added to cart", "url": "/cart/", "link": "View cart"}}
export interface Toast {
  text: string;
  kind?: "success" | "error" | "info";
  url?: string;
  link?: string;
}

const STAYS_MS = 5000;
const ICONS = { success: "circle-check", error: "circle-alert", info: "info" };

function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

export function toast({ text, kind = "success", url, link }: Toast) {
  const region = document.querySelector("[data-toasts]");
  if (!region) return;
  // Everything outside an open dialog is inert and unheard.
  (document.querySelector("dialog[open]") ?? document.body).append(region);
  const item = document.createElement("div");
  item.className = `toast toast-${kind}`;
  item.append(icon(ICONS[kind]), text);
  if (url && link) {
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.textContent = link;
    item.append(anchor);
  }
  region.replaceChildren(item);
  setTimeout(() => item.remove(), STAYS_MS);
}

document.addEventListener("toast", (event) => toast((event as CustomEvent<Toast>).detail));

// HX-Trigger: {"cart": {"count": 3}} keeps every cart badge right.
document.addEventListener("cart", (event) => {
  const { count } = (event as CustomEvent<{ count: number }>).detail;
  for (const badge of document.querySelectorAll<HTMLElement>("[data-cart-count]")) {
    badge.textContent = String(count);
    badge.hidden = count === 0;
  }
});
