// <button data-opens="id"> opens a <dialog id>, data-closes closes the one around it.
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-opens]");
  const dialog = document.getElementById(opener?.dataset.opens ?? "");
  if (opener && dialog instanceof HTMLDialogElement && !event.ctrlKey && !event.metaKey) {
    // Without this script the opener is a link to a page of its own.
    event.preventDefault();
    if (!dialog.open) show(dialog);
  }
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  // A click on the backdrop is a click on the dialog itself, outside its box.
  if (target instanceof HTMLDialogElement && isOutside(target, event)) target.close();
});

// An open dialog has an entry of its own in the history, so that Back closes it: on a
// phone that is how people close things.
function show(dialog: HTMLDialogElement) {
  dialog.showModal();
  history.pushState({ dialog: dialog.id }, "");
}

function isShown(id: string | undefined): boolean {
  return document.querySelector(`dialog[open]#${id}`) !== null;
}

// Went back, or forward to a dialog whose content is gone.
function follow() {
  const { dialog } = (history.state ?? {}) as { dialog?: string };
  if (dialog && !isShown(dialog)) {
    history.back();
    return;
  }
  for (const open of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) {
    if (open.id !== dialog) open.close();
  }
}

window.addEventListener("popstate", follow);
follow();

function isOutside(dialog: HTMLDialogElement, { clientX, clientY }: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  const inside =
    clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
  return !inside;
}

// What a closed dialog leaves behind: the toasts inside it, its entry in the history.
document.addEventListener(
  "close",
  (event) => {
    const dialog = event.target as Element;
    const toasts = dialog.querySelector("[data-toasts]");
    if (toasts) document.body.append(toasts);
    // Closed by something else than Back: its entry goes too.
    if (history.state?.dialog === dialog.id) history.back();
  },
  true,
);
