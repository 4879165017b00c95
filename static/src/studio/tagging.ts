// The tagging page: every change is saved at once and can be undone.
import { onUndoKey, Past } from "./past";
import { Row, Rows, type Tag } from "./rows";
import { Stage } from "./stage";
import { Timeline } from "./timeline";

const SAVE_AFTER_MS = 500;

export class TaggingPage {
  private readonly rows: Rows;
  private readonly timeline: Timeline;
  private readonly stage: Stage;
  private readonly durationMs: number;
  private readonly past: Past<Tag[]>;
  private spotted: number | undefined;
  private waiting = 0;

  constructor(private readonly form: HTMLFormElement) {
    const data = form.dataset;
    this.stage = new Stage(form);
    this.durationMs = Number(data.durationMs);
    this.rows = new Rows(form);
    this.rows.renumber();
    this.past = new Past(this.rows.tags);
    this.timeline = new Timeline(
      this.part("[data-timeline]"),
      this.durationMs,
      Number(data.shortestMs),
      { starts: data.textStarts!, ends: data.textEnds!, tag: data.textTag! },
    );
    this.timeline.onMove = (index, startsMs, endsMs) => {
      this.rows.all[index]!.place(startsMs, endsMs);
      this.draw();
    };
    this.timeline.onMoved = () => this.changed();
    this.timeline.onSeek = (ms) => this.stage.seek(ms);
    this.stage.onTick = (ms) => {
      this.timeline.moveHead(ms);
      this.drawSpots(ms);
    };
    this.listen();
    this.draw();
  }

  private part<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.form.querySelector<E>(selector)!;
  }

  private listen() {
    this.part("[data-fallback]").hidden = true;
    this.form.classList.add("is-live");
    this.form.addEventListener("click", (event) => this.click(event));
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.part("[data-picture]").addEventListener("click", (event) => this.touch(event));
    onUndoKey("input[type=search]", () => this.undo());
  }

  private click(event: Event) {
    const button = (event.target as Element).closest<HTMLElement>("button");
    if (!button) return;
    if (button.matches("[data-add]")) this.add(event, button);
    if (button.matches("[data-undo]")) this.undo();
    const row = button.closest<HTMLElement>("[data-tag-row]");
    if (row && button.matches("[data-remove]")) this.remove(row);
    if (row && button.matches("[data-spot]")) this.chooseSpot(row);
  }

  private add(event: Event, button: HTMLElement) {
    event.preventDefault();
    const { newTagMs, shortestMs } = this.form.dataset;
    const latest = this.durationMs - Number(shortestMs);
    const startsMs = Math.max(0, Math.min(this.stage.ms, latest));
    const index = this.rows.add({
      product: button.getAttribute("value")!,
      title: button.dataset.title!,
      startsMs,
      endsMs: Math.min(this.durationMs, startsMs + Number(newTagMs)),
      x: "",
      y: "",
    });
    this.changed();
    this.timeline.focus(index);
  }

  private remove(row: HTMLElement) {
    row.remove();
    this.rows.renumber();
    this.changed();
  }

  // The spot: choose a tag, then touch the picture; choose it again to take it away.
  private chooseSpot(element: HTMLElement) {
    const index = this.rows.all.findIndex((row) => row.element === element);
    const row = this.rows.all[index]!;
    if (row.tag.x) {
      row.spot("", "");
      this.spotted = undefined;
      return this.changed();
    }
    this.spotted = this.spotted === index ? undefined : index;
    this.stage.seek(row.tag.startsMs);
    this.draw();
  }

  private touch(event: MouseEvent) {
    const row = this.spotted === undefined ? undefined : this.rows.all[this.spotted];
    if (!row) return this.stage.togglePlay();
    const box = this.stage.video.getBoundingClientRect();
    const permille = (at: number, from: number, length: number) =>
      `${Math.round(Math.max(0, Math.min(1, (at - from) / length)) * 1000)}`;
    row.spot(
      permille(event.clientX, box.left, box.width),
      permille(event.clientY, box.top, box.height),
    );
    this.spotted = undefined;
    this.changed();
  }

  private undo() {
    const tags = this.past.back();
    if (!tags) return;
    this.rows.tags = tags;
    this.save();
  }

  private changed() {
    if (this.past.note(this.rows.tags)) this.save();
    this.draw();
  }

  private save() {
    this.draw();
    this.say("saving");
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => void this.send(), SAVE_AFTER_MS);
  }

  private async send() {
    const error = this.part("[data-error]");
    const body = new FormData(this.form);
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(this.form.action, { method: "POST", headers, body });
      error.hidden = answer.ok;
      if (answer.ok) return this.say("saved");
      const problems = answer.status === 422 ? (await answer.json()).errors : [];
      error.textContent = problems.join(" ") || this.form.dataset.textFailed!;
    } catch {
      error.hidden = false;
      error.textContent = this.form.dataset.textFailed!;
    }
    this.say("failed");
  }

  private say(state: "saved" | "saving" | "failed") {
    const words = { saved: "textSaved", saving: "textSaving", failed: "textFailed" }[state];
    this.part("[data-saved]").textContent = this.form.dataset[words]!;
  }

  private draw() {
    this.timeline.draw(this.rows.tags);
    this.part<HTMLButtonElement>("[data-undo]").disabled = this.past.isEmpty;
    this.rows.all.forEach((row, index) => this.drawRow(row, index));
    this.form.classList.toggle("is-spotting", this.spotted !== undefined);
    this.stage.tick();
  }

  private drawRow(row: Row, index: number) {
    row.element.querySelector<HTMLElement>("[data-delete]")!.hidden = true;
    row.element.querySelector<HTMLElement>("[data-remove]")!.hidden = false;
    const spot = row.element.querySelector<HTMLElement>("[data-spot]")!;
    spot.hidden = false;
    spot.ariaPressed = `${this.spotted === index || row.tag.x !== ""}`;
  }

  private drawSpots(ms: number) {
    const picture = this.part("[data-picture]");
    for (const old of picture.querySelectorAll(".tagging-spot")) old.remove();
    this.rows.all.forEach((row, index) => {
      const { startsMs, endsMs, x, y } = row.tag;
      if (!x || ms < startsMs || ms >= endsMs) return;
      const spot = document.createElement("span");
      spot.className = "tagging-spot";
      spot.style.setProperty("--x", `${Number(x) / 10}%`);
      spot.style.setProperty("--y", `${Number(y) / 10}%`);
      spot.style.setProperty("--hue", row.element.style.getPropertyValue("--hue"));
      spot.title = `${index + 1} ${row.title}`;
      picture.append(spot);
    });
  }
}
