// <button data-opens="id"> opens a <dialog id>, data-closes closes the one around it.
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-opens]");
  const dialog = document.getElementById(opener?.dataset.opens ?? "");
  if (opener && dialog instanceof HTMLDialogElement && !event.ctrlKey && !event.metaKey) {
    // Without this script the opener is a link to a page of its own.
    event.preventDefault();
    if (!dialog.open) dialog.showModal();
  }
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  // A click on the backdrop is a click on the dialog itself, outside its box.
  if (target instanceof HTMLDialogElement && isOutside(target, event)) target.close();
});

function isOutside(dialog: HTMLDialogElement, { clientX, clientY }: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  const inside =
    clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
  return !inside;
}

// The toasts must not stay inside a dialog that is gone.
document.addEventListener(
  "close",
  (event) => {
    const toasts = (event.target as Element).querySelector("[data-toasts]");
    if (toasts) document.body.append(toasts);
  },
  true,
);
