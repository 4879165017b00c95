// The captions page: cues at the play head, as rows and on one line of time.
import { type Cue, CueRow, CueRows } from "./cues";
import { onUndoKey, Past } from "./past";
import { Stage } from "./stage";
import { Timeline } from "./timeline";

type Words = "Added" | "Removed" | "Split" | "Merged" | "Undone" | "Full";

export class CaptionsPage {
  private readonly stage: Stage;
  private readonly rows: CueRows;
  private readonly timeline: Timeline;
  private readonly past: Past<Cue[]>;
  private readonly durationMs: number;
  private readonly shortestMs: number;
  private isUnsaved: boolean;

  constructor(private readonly form: HTMLFormElement) {
    const data = form.dataset;
    this.durationMs = Number(data.durationMs);
    this.shortestMs = Number(data.shortestMs);
    this.isUnsaved = "unsaved" in data;
    this.stage = new Stage(form);
    this.rows = new CueRows(form);
    this.rows.renumber();
    this.past = new Past(this.rows.cues);
    const scroller = this.part("[data-scroller]");
    scroller.hidden = false;
    scroller.style.setProperty("--seconds", `${this.durationMs / 1000}`);
    this.timeline = new Timeline(this.part("[data-timeline]"), this.durationMs, this.shortestMs, {
      starts: data.textStarts!,
      ends: data.textEnds!,
      tag: data.textCue!,
    });
    this.timeline.onMove = (index, startsMs, endsMs) => this.move(index, startsMs, endsMs);
    this.timeline.onMoved = () => this.changed();
    this.timeline.onSeek = (ms) => this.stage.seek(ms);
    this.stage.onTick = (ms) => this.follow(ms);
    this.listen();
    this.draw();
  }

  private part<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.form.querySelector<E>(selector)!;
  }

  private listen() {
    this.part("[data-keys]").hidden = false;
    this.form.addEventListener("click", (event) => this.click(event));
    this.form.addEventListener("input", (event) => {
      const row = rowOf(event.target as Element);
      row?.forgetErrors();
      this.isUnsaved = true;
      this.draw();
    });
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", () => (this.isUnsaved = false));
    this.form.addEventListener("kept-text", (event) => {
      const { detail } = event as CustomEvent<{ name: string }[]>;
      const texts = detail.filter(({ name }) => name.endsWith("-text"));
      this.rows.cues = texts.map(() => ({ title: "", startsMs: 0, endsMs: 0 }));
    });
    this.part("[data-picture]").addEventListener("click", () => this.stage.togglePlay());
    document.addEventListener("keydown", (event) => this.press(event));
    onUndoKey("input, textarea", () => this.undo());
    window.addEventListener("beforeunload", (event) => {
      if (this.isUnsaved) event.preventDefault();
    });
  }

  private click(event: Event) {
    const button = (event.target as Element).closest<HTMLElement>("button");
    if (!button) return;
    if (button.matches("[data-add]")) this.add();
    if (button.matches("[data-undo]")) this.undo();
    const row = rowOf(button);
    if (!row) return;
    if (button.matches("[data-show]")) this.stage.seek(row.cue.startsMs);
    if (button.matches("[data-split]")) this.split(row);
    if (button.matches("[data-merge]")) this.merge(row);
    if (button.matches("[data-remove]")) this.remove(row);
  }

  private press(event: KeyboardEvent) {
    const isAdding = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    const byLetter: Record<string, () => void> = {
      KeyP: () => this.stage.togglePlay(),
      KeyI: () => this.placeHere("startsMs"),
      KeyO: () => this.placeHere("endsMs"),
    };
    const act = isAdding ? () => this.add() : event.altKey ? byLetter[event.code] : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  }

  // Where the video stands, or behind the caption that is there, up to the next one.
  private add() {
    const cues = this.rows.cues;
    const { ms } = this.stage;
    const startsMs = cues.find((cue) => cue.startsMs <= ms && ms < cue.endsMs)?.endsMs ?? ms;
    const next = cues.find((cue) => cue.startsMs >= startsMs)?.startsMs ?? this.durationMs;
    const endsMs = Math.min(startsMs + Number(this.form.dataset.newCueMs), next, this.durationMs);
    if (endsMs - startsMs < this.shortestMs) return this.say("Full");
    this.rows.add({ title: "", startsMs, endsMs }).text.focus();
    this.changed("Added");
  }

  private split(row: CueRow) {
    const { title, startsMs, endsMs } = row.cue;
    const { ms } = this.stage;
    const isWithin = ms - startsMs >= this.shortestMs && endsMs - ms >= this.shortestMs;
    const at = isWithin ? ms : Math.round((startsMs + endsMs) / 2);
    if (at - startsMs < this.shortestMs || endsMs - at < this.shortestMs) return;
    const caret = row.text.selectionStart;
    const isInText = caret > 0 && caret < title.length;
    const share = (at - startsMs) / (endsMs - startsMs);
    const cut = isInText ? caret : gapNear(title, Math.round(title.length * share));
    row.cue = { title: title.slice(0, cut).trim(), startsMs, endsMs: at };
    const rest = this.rows.add({ title: title.slice(cut).trim(), startsMs: at, endsMs });
    rest.text.focus();
    this.changed("Split");
  }

  private merge(row: CueRow) {
    const all = this.rows.all;
    const next = all[all.findIndex((other) => other.element === row.element) + 1];
    if (!next) return;
    const [one, other] = [row.cue, next.cue];
    const title = [one.title.trim(), other.title.trim()].filter(Boolean).join("\n");
    row.cue = { title, startsMs: one.startsMs, endsMs: Math.max(one.endsMs, other.endsMs) };
    next.element.remove();
    this.rows.renumber();
    row.text.focus();
    this.changed("Merged");
  }

  private remove(row: CueRow) {
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    row.element.remove();
    this.rows.renumber();
    (next?.querySelector("textarea") ?? this.part("[data-add]")).focus();
    this.changed("Removed");
  }

  // The caption being written, else the one on screen, begins or ends at the play head.
  private placeHere(edge: "startsMs" | "endsMs") {
    const { ms } = this.stage;
    const shown = this.rows.all.find(({ cue }) => cue.startsMs <= ms && ms <= cue.endsMs);
    const row = rowOf(document.activeElement) ?? shown;
    if (!row) return;
    const placed = { ...row.cue, [edge]: ms };
    if (placed.endsMs - placed.startsMs < this.shortestMs) return;
    row.place(placed.startsMs, placed.endsMs);
    this.changed();
  }

  // A bar stops at its neighbours.
  private move(index: number, startsMs: number, endsMs: number) {
    const cues = this.rows.cues;
    const least = cues[index - 1]?.endsMs ?? 0;
    const most = cues[index + 1]?.startsMs ?? this.durationMs;
    const { startsMs: oldStart, endsMs: oldEnd } = cues[index]!;
    const isMovedWhole = endsMs - startsMs === oldEnd - oldStart;
    if (isMovedWhole) {
      const by = Math.max(0, least - startsMs) - Math.max(0, endsMs - most);
      [startsMs, endsMs] = [startsMs + by, endsMs + by];
    }
    const from = Math.max(startsMs, Math.min(least, oldStart));
    const to = Math.min(endsMs, Math.max(most, oldEnd));
    if (to - from < this.shortestMs) return;
    const row = this.rows.all[index]!;
    row.place(from, to);
    row.forgetErrors();
    this.draw();
  }

  private undo() {
    const cues = this.past.back();
    if (!cues) return;
    this.rows.cues = cues;
    this.isUnsaved = true;
    this.draw();
    this.say("Undone");
  }

  private changed(words?: Words) {
    this.rows.sort();
    if (this.past.note(this.rows.cues)) this.isUnsaved = true;
    this.draw();
    if (words) this.say(words);
  }

  private say(words: Words) {
    this.part("[data-said]").textContent = this.form.dataset[`text${words}`]!;
  }

  private draw() {
    const { textEmpty, textUnsaved } = this.form.dataset;
    this.timeline.draw(
      this.rows.cues.map((cue) => ({ ...cue, title: cue.title.trim() || textEmpty! })),
    );
    this.part<HTMLButtonElement>("[data-undo]").disabled = this.past.isEmpty;
    this.part("[data-saved]").textContent = this.isUnsaved ? textUnsaved! : "";
    this.stage.tick();
  }

  private follow(ms: number) {
    this.timeline.moveHead(ms);
    const shown = this.part("[data-shown]");
    let words = "";
    for (const { element, cue } of this.rows.all) {
      const isNow = cue.startsMs <= ms && ms < cue.endsMs;
      element.classList.toggle("is-now", isNow);
      if (isNow) words = cue.title.trim();
    }
    shown.textContent = words;
    shown.hidden = !words;
    if (!this.stage.video.paused) this.keepHeadInSight(ms);
  }

  private keepHeadInSight(ms: number) {
    const scroller = this.part("[data-scroller]");
    const head = (ms / this.durationMs) * scroller.scrollWidth;
    const isInSight = head >= scroller.scrollLeft && head <= scroller.scrollLeft + scroller.clientWidth;
    if (!isInSight) scroller.scrollLeft = head - 24;
  }
}

function rowOf(element: Element | null): CueRow | undefined {
  const row = element?.closest<HTMLElement>("[data-cue-row]");
  return row ? new CueRow(row) : undefined;
}

// The space nearest to that place, so that no word is cut.
function gapNear(text: string, place: number): number {
  const gaps = [...text.matchAll(/\s/g)].map((gap) => gap.index);
  const nearest = gaps.sort((a, b) => Math.abs(a - place) - Math.abs(b - place))[0];
  return nearest ?? text.length;
}
