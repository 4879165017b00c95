// Uploads videos one after another; each goes on where it was cut.
import { behaviour } from "../modules/behaviour";
import { Item, type Page } from "../upload/item";

behaviour("form[data-upload]", (element) => {
  const form = element as HTMLFormElement;
  const list = document.querySelector<HTMLElement>("[data-upload-list]")!;
  const template = document.querySelector<HTMLTemplateElement>("template[data-upload-item]")!;
  const zone = form.querySelector<HTMLElement>("[data-drop-zone]")!;
  const camera = form.querySelector<HTMLElement>("[data-camera]")!;
  const status = document.querySelector<HTMLElement>("[data-announce]")!;
  const items: Item[] = [];
  const given = form.dataset;

  // Without this script a button sends the form; with it a chosen file goes at once.
  for (const part of form.querySelectorAll<HTMLElement>("[data-without-script]")) part.hidden = true;
  form.querySelector("input[name=files]")!.classList.add("visually-hidden");
  camera.hidden = !matchMedia("(pointer: coarse)").matches;

  const page: Page = {
    endpoint: given.endpoint!,
    more: given.replaces ? { replaces: given.replaces } : {},
    isDirect: "direct" in given,
    limits: {
      extensions: given.extensions!.split(","),
      maxBytes: Number(given.maxBytes),
      maxSeconds: Number(given.maxSeconds),
      minSeconds: Number(given.minMs) / 1000,
    },
    texts: (name, values = {}) =>
      Object.entries(values).reduce(
        (text, [key, value]) => text.replace(`{${key}}`, value),
        given[`text${name[0]!.toUpperCase()}${name.slice(1)}`] ?? "",
      ),
    announce: (words) => (status.textContent = words),
    changed: work,
  };

  // One at a time, so that the first is there as soon as it can be.
  function work() {
    if (items.some(({ state }) => state === "sending")) return;
    items.find(({ state }) => state === "waiting")?.start();
  }

  function row(element: HTMLElement): Item {
    const item = new Item(element, page);
    items.push(item);
    return item;
  }

  async function add(file: File) {
    const isTaken = items.some(({ state }) => !["refused", "stopped"].includes(state));
    if (given.replaces && isTaken) return; // one file takes the place of one
    const known = items.find((item) => item.awaits(file));
    if (known) return known.take(file);
    const fresh = (template.content.cloneNode(true) as DocumentFragment).firstElementChild!;
    list.append(fresh);
    await row(fresh as HTMLElement).take(file);
  }

  for (const found of list.querySelectorAll<HTMLElement>("[data-url]")) {
    row(found).restore(found.dataset.state!, Number(found.dataset.percent));
  }
  for (const chooser of form.querySelectorAll<HTMLInputElement>("input[type=file]")) {
    chooser.addEventListener("change", () => {
      for (const file of chooser.files ?? []) void add(file);
      chooser.value = "";
    });
  }
  for (const kind of ["dragenter", "dragover"] as const) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const kind of ["dragleave", "drop"] as const) {
    zone.addEventListener(kind, () => zone.classList.remove("is-over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) void add(file);
  });
  window.addEventListener("online", () => items.forEach((item) => item.reconnect()));
  window.addEventListener("beforeunload", (event) => {
    if (items.some(({ state }) => ["sending", "waiting", "checking"].includes(state))) event.preventDefault();
  });
});
