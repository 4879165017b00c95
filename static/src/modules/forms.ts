import { behaviour } from "./behaviour";

// <form data-auto-submit>: a change of any field sends it.
behaviour("form[data-auto-submit]", (form) => {
  form.addEventListener("change", () => (form as HTMLFormElement).requestSubmit());
});

// <form data-once>: a second click before the answer does nothing.
behaviour("form[data-once]", (form) => {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
  });
  // Coming back by the browser's own button shows the page as it was left.
  window.addEventListener("pageshow", () => (form.ariaBusy = "false"));
});

// <form data-confirm="Really?">: asks before it is sent.
behaviour("form[data-confirm]", (form) => {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
});

// .stepper[data-stepper]: minus, number, plus.
behaviour("[data-stepper]", (stepper) => {
  const input = stepper.querySelector("input");
  stepper.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-step]");
    if (!button || !input) return;
    if (button.dataset.step === "up") input.stepUp();
    else input.stepDown();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
});

// <input data-filters="id">: shows of that list only what contains the words.
behaviour("input[data-filters]", (element) => {
  const input = element as HTMLInputElement;
  const list = document.getElementById(input.dataset.filters ?? "");
  if (!list) return;
  input.hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.trim().toLocaleLowerCase();
    for (const entry of list.children) {
      const name = entry.textContent?.toLocaleLowerCase() ?? "";
      (entry as HTMLElement).hidden = !name.includes(words);
    }
  });
});

// [data-shows="id"]: shows what is typed into a password field, and hides it again.
behaviour("[data-shows]", (button) => {
  const input = document.getElementById(button.dataset.shows ?? "");
  if (!(input instanceof HTMLInputElement)) return;
  const show = (isShown: boolean) => {
    input.type = isShown ? "text" : "password";
    button.ariaPressed = String(isShown);
  };
  button.hidden = false;
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers offer to keep what a text field has held.
  input.form?.addEventListener("submit", () => show(false));
});

// [data-copy="text"]: puts it on the clipboard.
behaviour("[data-copy]", (button) => {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.classList.add("is-copied");
  });
});
