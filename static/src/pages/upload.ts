// Uploads several videos one after another, each with its own progress.
import { behaviour } from "../modules/behaviour";
import { csrfToken } from "../modules/htmx";

behaviour("form[data-upload]", (element) => {
  const form = element as HTMLFormElement;
  const list = form.querySelector<HTMLElement>("[data-upload-list]")!;
  const template = form.querySelector<HTMLTemplateElement>("template[data-upload-item]")!;
  const input = form.querySelector<HTMLInputElement>("input[name=files]")!;
  const zone = form.querySelector<HTMLElement>("[data-drop-zone]")!;
  const camera = form.querySelector<HTMLElement>("[data-camera]")!;
  const queue: (() => Promise<void>)[] = [];
  let isSending = false;

  // Without this script a button sends the form; with it a chosen file goes at once.
  form.querySelector<HTMLElement>("[data-upload-button]")!.hidden = true;
  input.classList.add("visually-hidden");
  camera.hidden = !matchMedia("(pointer: coarse)").matches;

  function refusal(file: File): string | undefined {
    const suffix = /\.[^.]+$/.exec(file.name.toLowerCase())?.[0] ?? "";
    if (!form.dataset.extensions!.split(",").includes(suffix)) return form.dataset.textType;
    if (file.size === 0) return form.dataset.textEmpty;
    if (file.size > Number(form.dataset.maxBytes)) return form.dataset.textSize;
  }

  function add(file: File) {
    const item = (template.content.cloneNode(true) as DocumentFragment).firstElementChild!;
    item.querySelector(".upload-name")!.textContent = file.name;
    list.append(item);
    const refused = refusal(file);
    if (refused) return settle(item, refused, "is-refused");
    const send = () => upload(file, item);
    item.querySelector("[data-again] button")!.addEventListener("click", () => enqueue(send));
    say(item, form.dataset.textWaiting);
    enqueue(send);
  }

  function enqueue(send: () => Promise<void>) {
    queue.push(send);
    void work();
  }

  async function work() {
    if (isSending) return;
    isSending = true;
    for (let next = queue.shift(); next; next = queue.shift()) await next();
    isSending = false;
  }

  function upload(file: File, item: Element): Promise<void> {
    const progress = item.querySelector("progress")!;
    const body = new FormData();
    body.append("files", file);
    item.className = "upload-item";
    item.querySelector<HTMLElement>("[data-again]")!.hidden = true;
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", csrfToken());
      request.responseType = "json";
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        progress.value = (100 * loaded) / total;
        say(item, `${form.dataset.textSending} ${Math.floor(progress.value)} %`);
      });
      request.addEventListener("loadend", () => {
        finish(request, item);
        resolve();
      });
      request.send(body);
    });
  }

  function finish(request: XMLHttpRequest, item: Element) {
    const answer = request.response as { url?: string; errors?: string[] } | null;
    if (request.status === 200 && answer?.url) {
      item.querySelector<HTMLAnchorElement>(".upload-name")!.href = answer.url;
      settle(item, form.dataset.textDone, "is-done");
      if (list.children.length === 1) location.assign(answer.url);
      return;
    }
    const refused = answer?.errors?.join(" ");
    settle(item, refused ?? form.dataset.textFailed, "is-refused");
    item.querySelector<HTMLElement>("[data-again]")!.hidden = Boolean(refused);
  }

  function say(item: Element, words = "") {
    item.querySelector("[data-state]")!.textContent = words;
  }

  function settle(item: Element, words: string | undefined, state: string) {
    say(item, words);
    item.classList.add(state);
  }

  for (const chooser of form.querySelectorAll<HTMLInputElement>("input[type=file]")) {
    chooser.addEventListener("change", () => {
      for (const file of chooser.files ?? []) add(file);
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
    for (const file of event.dataTransfer?.files ?? []) add(file);
  });
  window.addEventListener("beforeunload", (event) => {
    if (isSending) event.preventDefault();
  });
});
