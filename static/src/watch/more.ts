// The menu at the foot of the rail: a tap elsewhere, Escape or a sheet closes it.
function open(): HTMLDetailsElement | null {
  return document.querySelector<HTMLDetailsElement>("[data-more][open]");
}

function closeUnlessIn({ target }: Event) {
  const menu = open();
  if (menu && !menu.contains(target as Node)) menu.open = false;
}

document.addEventListener("pointerdown", closeUnlessIn);
document.addEventListener("focusin", closeUnlessIn);

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && open();
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
});

document.addEventListener("click", (event) => {
  const menu = open();
  if (menu && (event.target as Element).closest("[data-more] [data-opens]")) menu.open = false;
});
