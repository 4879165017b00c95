// The trim page: one bar over the whole source; the player has what is shown of it now.
import { clock, Stage, typedTime } from "./stage";
import { Timeline } from "./timeline";

export class TrimPage {
  private readonly stage: Stage;
  private readonly timeline: Timeline;
  private readonly fullMs: number;
  private readonly shownFromMs: number;
  private readonly shownMs: number;
  private readonly shortestMs: number;
  private startsMs = 0;
  private endsMs = 0;

  constructor(private readonly form: HTMLFormElement) {
    const data = form.dataset;
    this.fullMs = Number(data.fullMs);
    this.shownFromMs = Number(data.shownFromMs);
    this.shownMs = Number(data.shownMs);
    this.shortestMs = Number(data.shortestMs);
    this.stage = new Stage(form);
    this.timeline = new Timeline(this.part("[data-timeline]"), this.fullMs, this.shortestMs, {
      starts: data.textStarts!,
      ends: data.textEnds!,
      tag: "",
    });
    this.timeline.onMove = (_, startsMs, endsMs) => this.place(startsMs, endsMs);
    this.timeline.onSeek = (ms) => this.seek(ms);
    this.stage.onTick = (ms) => this.timeline.moveHead(ms + this.shownFromMs);
    this.part("[data-picture]").addEventListener("click", () => this.stage.togglePlay());
    form.addEventListener("change", () => this.read());
    for (const edge of ["starts", "ends"] as const) {
      this.part(`[data-set=${edge}]`).addEventListener("click", () => this.placeHere(edge));
    }
    this.read();
    this.stage.tick();
  }

  private part<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.form.querySelector<E>(selector)!;
  }

  private field(edge: "starts" | "ends"): HTMLInputElement {
    return this.part<HTMLInputElement>(`[name=${edge}]`);
  }

  // What cannot be read leaves the bar where it is; the server says why.
  private read() {
    this.startsMs = typedTime(this.field("starts").value) ?? this.startsMs;
    this.endsMs = typedTime(this.field("ends").value) ?? this.endsMs;
    this.draw();
  }

  private place(startsMs: number, endsMs: number) {
    this.startsMs = startsMs;
    this.endsMs = endsMs;
    this.field("starts").value = clock(startsMs, 3);
    this.field("ends").value = clock(endsMs, 3);
    this.draw();
  }

  private placeHere(edge: "starts" | "ends") {
    const here = this.stage.ms + this.shownFromMs;
    if (edge === "starts" && this.endsMs - here >= this.shortestMs) this.place(here, this.endsMs);
    if (edge === "ends" && here - this.startsMs >= this.shortestMs) this.place(this.startsMs, here);
  }

  private seek(ms: number) {
    const shown = ms - this.shownFromMs;
    this.part("[data-away]").hidden = shown >= 0 && shown <= this.shownMs;
    this.stage.seek(Math.max(0, Math.min(this.shownMs, shown)));
    this.timeline.moveHead(ms);
  }

  private draw() {
    const { textPart, textLength } = this.form.dataset;
    const { startsMs, endsMs } = this;
    this.timeline.draw([{ title: textPart!, startsMs, endsMs }]);
    this.part("[data-length]").textContent = `${textLength} ${clock(endsMs - startsMs, 1)}`;
  }
}
