// The rows of the captions form are the truth; timeline and picture are drawn from them.
import { clock, typedTime } from "./stage";

export type Cue = { title: string; startsMs: number; endsMs: number };

export class CueRow {
  constructor(readonly element: HTMLElement) {}

  private input(name: string): HTMLInputElement {
    return this.element.querySelector<HTMLInputElement>(`[name$="-${name}"]`)!;
  }

  get text(): HTMLTextAreaElement {
    return this.element.querySelector("textarea")!;
  }

  get isBlank(): boolean {
    const values = ["starts", "ends", "text"].map((name) => this.input(name).value);
    return values.every((value) => !value.trim());
  }

  // A time that cannot be read leaves the bar where it was; the server says why.
  get cue(): Cue {
    const startsMs = this.time("starts");
    return {
      title: this.text.value,
      startsMs,
      endsMs: Math.max(startsMs, this.time("ends")),
    };
  }

  set cue(cue: Cue) {
    this.text.value = cue.title;
    this.place(cue.startsMs, cue.endsMs);
  }

  private time(name: "starts" | "ends"): number {
    const ms = typedTime(this.input(name).value);
    if (ms !== undefined) this.element.dataset[name] = `${ms}`;
    return Number(this.element.dataset[name] ?? 0);
  }

  place(startsMs: number, endsMs: number) {
    this.input("starts").value = clock(startsMs, 3);
    this.input("ends").value = clock(endsMs, 3);
  }

  forgetErrors() {
    this.element.classList.remove("is-wrong");
    this.element.querySelector("[data-errors]")!.replaceChildren();
    for (const field of this.element.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
  }

  number(index: number) {
    for (const field of this.element.querySelectorAll<HTMLElement>("[name^=cues-]")) {
      const renamed = field.getAttribute("name")!.replace(/^cues-[^-]+/, `cues-${index}`);
      field.setAttribute("name", renamed);
      field.id = `id_${renamed}`;
      if (field.hasAttribute("aria-describedby")) {
        field.setAttribute("aria-describedby", `id_${renamed}_error`);
      }
    }
    for (const part of this.element.querySelectorAll("[for], .errorlist[id]")) {
      const name = part.matches("[for]") ? "for" : "id";
      part.setAttribute(name, part.getAttribute(name)!.replace(/cues-[^-]+/, `cues-${index}`));
    }
  }
}

export class CueRows {
  private readonly list: HTMLElement;
  private readonly template: HTMLTemplateElement;

  constructor(private readonly form: HTMLFormElement) {
    this.list = form.querySelector("[data-rows]")!;
    this.template = form.querySelector("template[data-row]")!;
    for (const row of this.all) if (row.isBlank) row.element.remove();
  }

  get all(): CueRow[] {
    return [...this.list.querySelectorAll<HTMLElement>("[data-cue-row]")].map(
      (element) => new CueRow(element),
    );
  }

  get cues(): Cue[] {
    return this.all.map((row) => row.cue);
  }

  set cues(cues: Cue[]) {
    this.list.replaceChildren(...cues.map((cue) => this.made(cue)));
    this.renumber();
  }

  add(cue: Cue): CueRow {
    const element = this.made(cue);
    this.list.append(element);
    this.sort();
    return new CueRow(element);
  }

  // By time, without taking the caret away from who is writing.
  sort() {
    const rows = this.all;
    const inOrder = [...rows].sort((a, b) => a.cue.startsMs - b.cue.startsMs);
    if (inOrder.some((row, index) => row.element !== rows[index]!.element)) {
      const focused = document.activeElement as HTMLElement | null;
      this.list.append(...inOrder.map((row) => row.element));
      if (this.list.contains(focused)) focused?.focus();
    }
    this.renumber();
  }

  private made(cue: Cue): HTMLElement {
    const copy = this.template.content.cloneNode(true) as DocumentFragment;
    const element = copy.querySelector<HTMLElement>("[data-cue-row]")!;
    new CueRow(element).cue = cue;
    return element;
  }

  renumber() {
    const rows = this.all;
    rows.forEach((row, index) => {
      row.number(index);
      const { element } = row;
      element.querySelector<HTMLElement>("[data-row-actions]")!.hidden = false;
      const remove = element.querySelector<HTMLElement>("[data-delete]");
      if (remove) remove.hidden = true;
      const isLast = index === rows.length - 1;
      element.querySelector<HTMLButtonElement>("[data-merge]")!.disabled = isLast;
    });
    const total = this.form.querySelector<HTMLInputElement>("[name=cues-TOTAL_FORMS]")!;
    total.value = `${rows.length}`;
    this.form.querySelector<HTMLInputElement>("[name=cues-INITIAL_FORMS]")!.value = "0";
    this.form.querySelector<HTMLElement>("[data-none]")!.hidden = rows.length > 0;
  }
}
