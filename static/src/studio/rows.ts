// The rows of the tagging form are the truth; the timeline is drawn from them.
import { hueOf } from "./timeline";

export type Tag = {
  product: string;
  title: string;
  startsMs: number;
  endsMs: number;
  x: string;
  y: string;
};

export class Row {
  constructor(readonly element: HTMLElement) {}

  private input(name: string): HTMLInputElement {
    return this.element.querySelector<HTMLInputElement>(`[name$="-${name}"]`)!;
  }

  get tag(): Tag {
    return {
      product: this.input("product").value,
      title: this.title,
      startsMs: Math.round(Number(this.input("starts").value) * 1000),
      endsMs: Math.round(Number(this.input("ends").value) * 1000),
      x: this.input("x_permille").value,
      y: this.input("y_permille").value,
    };
  }

  set tag(tag: Tag) {
    this.input("product").value = tag.product;
    this.element.querySelector("[data-title]")!.textContent = tag.title;
    this.place(tag.startsMs, tag.endsMs);
    this.spot(tag.x, tag.y);
  }

  get title(): string {
    return this.element.querySelector("[data-title]")!.textContent ?? "";
  }

  place(startsMs: number, endsMs: number) {
    this.input("starts").value = (startsMs / 1000).toFixed(3);
    this.input("ends").value = (endsMs / 1000).toFixed(3);
  }

  spot(x: string, y: string) {
    this.input("x_permille").value = x;
    this.input("y_permille").value = y;
  }

  number(index: number) {
    for (const field of this.element.querySelectorAll<HTMLElement>("[name^=tags-]")) {
      const renamed = field.getAttribute("name")!.replace(/^tags-[^-]+/, `tags-${index}`);
      field.setAttribute("name", renamed);
      field.id = `id_${renamed}`;
    }
  }
}

export class Rows {
  private readonly list: HTMLElement;
  private readonly template: HTMLTemplateElement;

  constructor(private readonly form: HTMLFormElement) {
    this.list = form.querySelector("[data-rows]")!;
    this.template = form.querySelector("template[data-row]")!;
  }

  get all(): Row[] {
    return [...this.list.querySelectorAll<HTMLElement>("[data-tag-row]")].map(
      (element) => new Row(element),
    );
  }

  get tags(): Tag[] {
    return this.all.map((row) => row.tag);
  }

  set tags(tags: Tag[]) {
    this.list.replaceChildren(...tags.map((tag) => this.made(tag)));
    this.renumber();
  }

  add(tag: Tag): number {
    this.list.append(this.made(tag));
    this.renumber();
    return this.list.children.length - 1;
  }

  private made(tag: Tag): HTMLElement {
    const copy = this.template.content.cloneNode(true) as DocumentFragment;
    const element = copy.querySelector<HTMLElement>("[data-tag-row]")!;
    new Row(element).tag = tag;
    return element;
  }

  renumber() {
    const rows = this.all;
    rows.forEach((row, index) => {
      row.number(index);
      row.element.style.setProperty("--hue", `${hueOf(index)}`);
    });
    const count = `${rows.length}`;
    this.form.querySelector<HTMLInputElement>("[name=tags-TOTAL_FORMS]")!.value = count;
    this.form.querySelector<HTMLInputElement>("[name=tags-INITIAL_FORMS]")!.value = "0";
    this.form.querySelector<HTMLElement>("[data-none]")!.hidden = rows.length > 0;
  }
}
