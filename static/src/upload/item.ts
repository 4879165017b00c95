// One row of the upload page: a file, how far it is, and what it will be called.
import { htmx } from "../modules/htmx";
import { doubtAbout, objectionTo, type Limits } from "./file-checks";
import { duration, size } from "./figures";
import { DirectTransfer } from "./direct-transfer";
import type { Outcome, Transfer } from "./transfer";
import { TusTransfer } from "./tus-transfer";

export type Texts = (name: string, values?: Record<string, string>) => string;
export type State =
  | "looking"
  | "waiting"
  | "doubted"
  | "sending"
  | "paused"
  | "stopped"
  | "checking"
  | "duplicate"
  | "done"
  | "refused";

export interface Page {
  endpoint: string;
  more: Record<string, string>;
  isDirect: boolean;
  limits: Limits;
  texts: Texts;
  announce(words: string): void;
  changed(): void;
}

const SAVE_AFTER_MS = 700;
// Which buttons a state offers.
const ACTIONS: Record<State, string[]> = {
  looking: [],
  waiting: ["cancel"],
  doubted: ["anyway", "cancel"],
  sending: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  stopped: ["choose", "retry", "cancel"],
  checking: [],
  duplicate: ["twice", "cancel"],
  done: ["open"],
  refused: ["dismiss"],
};

export class Item {
  state: State = "waiting";
  private file: File | undefined;
  private transfer: Transfer;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private isUnsaved = false;
  private isCut = false;

  constructor(
    readonly element: HTMLElement,
    private page: Page,
  ) {
    const url = element.dataset.url || null;
    // One that was begun goes on the way it came.
    const isDirect = url ? "direct" in element.dataset : page.isDirect;
    this.transfer = new (isDirect ? DirectTransfer : TusTransfer)(page.endpoint, url, {
      named: () => void (this.isUnsaved && this.save()),
      progressed: (bytes, speed) => this.progress(bytes, speed),
      stumbled: () => this.say(page.texts("stumbled")),
      ended: (outcome) => this.end(outcome),
      failed: (words) => this.stop(words),
    }, page.more);
    element.addEventListener("click", (event) => this.act(event));
    const words = this.part("words");
    words.addEventListener("input", () => this.saveSoon());
    words.addEventListener("submit", (event) => {
      event.preventDefault();
      this.saveSoon();
    });
    element.addEventListener("change", (event) => this.choose(event));
  }

  get name(): string {
    return this.file?.name ?? this.element.dataset.name ?? "";
  }

  // Is this the file whose first part the server has already?
  awaits(file: File): boolean {
    const { name, length } = this.element.dataset;
    return this.state === "stopped" && name === file.name && Number(length) === file.size;
  }

  async take(file: File) {
    this.file = file;
    this.part("name").textContent = file.name;
    this.part("size").textContent = size(file.size);
    const title = this.part<HTMLInputElement>("title");
    if (!title.value) title.placeholder = file.name.replace(/\.[^.]+$/, "");
    const objection = objectionTo(file, this.page.limits);
    if (objection) return this.become("refused", this.page.texts(objection));
    this.become("looking", this.page.texts("waiting"));
    const doubt = this.transfer.url ? undefined : await doubtAbout(file, this.page.limits);
    if (doubt) this.become("doubted", this.page.texts(doubt));
    else this.become("waiting", this.page.texts("waiting"));
  }

  // As the server's list found it when the page was opened.
  restore(state: string, percent: number) {
    this.bar.value = percent;
    if (state === "duplicate") return this.become("duplicate", this.page.texts("duplicate"));
    if (percent < 100) {
      this.become("stopped", this.page.texts("again", { percent: String(percent) }));
      return void this.lookAgain(percent);
    }
    this.become("checking", this.page.texts("checking"));
    void this.transfer.finish();
  }

  private async lookAgain(percent: number) {
    const bytes = (await this.transfer.bytesThere()) ?? 0;
    const newest = Math.floor((100 * bytes) / Number(this.element.dataset.length));
    if (newest > percent && this.state === "stopped" && !this.file) this.restore("receiving", newest);
  }

  start() {
    this.become("sending", this.page.texts("sending"));
    this.transfer.send(this.file!);
  }

  private get bar(): HTMLProgressElement {
    return this.element.querySelector("progress")!;
  }

  private part<E extends HTMLElement = HTMLElement>(name: string): E {
    return this.element.querySelector<E>(`[data-part=${name}]`)!;
  }

  private become(state: State, words: string) {
    this.state = state;
    this.isCut &&= state === "stopped";
    this.element.dataset.state = state;
    for (const button of this.element.querySelectorAll<HTMLElement>("[data-do]")) {
      const isOffered = ACTIONS[state].includes(button.dataset.do!);
      button.hidden = !isOffered || (button.dataset.do === "retry" && !this.file);
      if (button.dataset.do === "choose" && this.file) button.hidden = true;
    }
    this.part("words").hidden = state === "refused";
    this.say(words);
    this.page.announce(`${this.name}: ${words}`);
    this.page.changed();
  }

  private say(words: string) {
    this.part("state").textContent = words;
  }

  private progress(bytes: number, speed: number) {
    const total = this.file!.size;
    this.bar.value = (100 * bytes) / total;
    if (this.state !== "sending") return;
    const figures = [
      `${Math.floor(this.bar.value)} %`,
      this.page.texts("of", { done: size(bytes), total: size(total) }),
    ];
    if (speed > 0) {
      figures.push(this.page.texts("speed", { speed: size(speed) }));
      figures.push(this.page.texts("left", { time: duration((total - bytes) / speed) }));
    }
    this.say(figures.join(" · "));
    if (bytes === total) this.become("checking", this.page.texts("checking"));
  }

  private end(outcome: Outcome) {
    this.bar.value = 100;
    for (const link of this.element.querySelectorAll<HTMLAnchorElement>("a[data-twin], a[data-do=open]")) {
      link.href = outcome.url;
      if (link.matches("[data-twin]")) link.textContent = outcome.title;
    }
    if (outcome.state === "duplicate") this.become("duplicate", this.page.texts("duplicate"));
    else this.follow(outcome.url);
  }

  // From here on the server says how far it is.
  private follow(url: string) {
    this.become("done", this.page.texts("done"));
    void htmx.ajax("get", `${url}status/?in=upload`, { target: this.part("state"), swap: "innerHTML" });
  }

  // The machine has a network again.
  reconnect() {
    if (this.isCut && this.file) this.become("waiting", this.page.texts("waiting"));
  }

  private stop(words: string | undefined) {
    this.isCut = words === undefined;
    this.become("stopped", words ?? this.page.texts("failed"));
  }

  private act(event: Event) {
    const button = (event.target as Element).closest<HTMLElement>("[data-do]");
    switch (button?.dataset.do) {
      case "pause":
        return void this.transfer.pause().then(() => this.become("paused", this.page.texts("paused")));
      case "resume":
      case "retry":
      case "anyway":
        return this.become("waiting", this.page.texts("waiting"));
      case "twice":
        this.become("checking", this.page.texts("checking"));
        return void this.transfer.finish(true);
      case "cancel":
        return void this.cancel();
      case "dismiss":
        return this.leave();
    }
  }

  private async cancel() {
    try {
      await this.transfer.cancel();
    } catch {
      return this.stop(undefined);
    }
    this.page.announce(`${this.name}: ${this.page.texts("canceled")}`);
    this.leave();
  }

  private leave() {
    this.state = "refused";
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    this.element.remove();
    (next?.querySelector<HTMLElement>("[data-do]:not([hidden])") ?? document.querySelector<HTMLElement>("input[name=files]"))?.focus();
    this.page.changed();
  }

  // The same file again, after the browser was closed.
  private choose(event: Event) {
    const input = event.target as HTMLInputElement;
    const file = input.type === "file" ? input.files?.[0] : undefined;
    if (!file) return;
    event.stopPropagation();
    if (this.awaits(file)) void this.take(file);
    else this.stop(this.page.texts("another", { name: this.name }));
    input.value = "";
  }

  private saveSoon() {
    this.isUnsaved = true;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.transfer.url && void this.save(), SAVE_AFTER_MS);
  }

  private async save() {
    this.isUnsaved = false;
    const answer = await this.transfer
      .post("words/", new FormData(this.part<HTMLFormElement>("words")))
      .catch(() => undefined);
    this.isUnsaved = !answer?.ok;
    const words = this.page.texts(answer?.ok ? "saved" : "unsaved");
    this.part("saved").textContent = words;
  }
}
