// The timeline: a bar for each span of time with two handles, and the play head.
export type Span = { title: string; startsMs: number; endsMs: number };
export type Words = { starts: string; ends: string; tag: string };
type Part = "starts" | "ends" | "whole";

const KEY_STEPS: Record<string, number> = {
  ArrowLeft: -100,
  ArrowDown: -100,
  ArrowRight: 100,
  ArrowUp: 100,
  PageDown: -1000,
  PageUp: 1000,
  Home: -Infinity,
  End: Infinity,
};

export class Timeline {
  onMove: (index: number, startsMs: number, endsMs: number) => void = () => {};
  onMoved: () => void = () => {};
  onSeek: (ms: number) => void = () => {};
  private readonly head = made("div", "timeline-head");
  private readonly tracks = made("div", "timeline-tracks");
  private readonly isOneLane: boolean;
  private bars: HTMLElement[] = [];
  private tags: Span[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly durationMs: number,
    private readonly shortestMs: number,
    private readonly words: Words,
  ) {
    this.isOneLane = element.classList.contains("is-one-lane");
    const ruler = made("div", "timeline-ruler");
    const step = stepOf(durationMs, this.isOneLane ? durationMs / 2000 : 8);
    for (let second = 0; second * 1000 <= durationMs; second += step) {
      const mark = made("span", "timeline-mark");
      mark.textContent = `${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`;
      mark.style.setProperty("--at", `${(second * 1000) / durationMs}`);
      ruler.append(mark);
    }
    element.append(ruler, this.tracks, this.head);
    element.addEventListener("pointerdown", (event) => this.scrub(event));
    element.hidden = false;
  }

  draw(tags: Span[]) {
    if (tags.length !== this.tags.length) {
      this.bars = tags.map((tag, index) => this.bar(tag, index));
      const lanes = this.isOneLane ? [this.bars] : this.bars.map((bar) => [bar]);
      this.tracks.replaceChildren(...lanes.map(track));
    }
    this.tags = tags;
    tags.forEach((tag, index) => this.update(index, tag));
  }

  moveHead(ms: number) {
    this.head.style.setProperty("--at", `${ms / this.durationMs}`);
  }

  focus(index: number) {
    this.bars[index]?.querySelector<HTMLElement>("[data-part=whole]")?.focus();
  }

  private bar(tag: Span, index: number): HTMLElement {
    const bar = made("div", "timeline-bar");
    bar.style.setProperty("--hue", `${hueOf(index)}`);
    for (const part of ["whole", "starts", "ends"] as const) {
      const handle = made(part === "whole" ? "span" : "i", `timeline-${part}`);
      handle.dataset.part = part;
      handle.tabIndex = 0;
      handle.role = "slider";
      handle.ariaValueMin = "0";
      handle.ariaValueMax = `${this.durationMs}`;
      handle.addEventListener("pointerdown", (event) => this.drag(event, index, part));
      handle.addEventListener("keydown", (event) => this.step(event, index, part));
      bar.append(handle);
    }
    bar.querySelector("[data-part=whole]")!.textContent = tag.title;
    return bar;
  }

  private update(index: number, tag: Span) {
    const bar = this.bars[index]!;
    bar.style.setProperty("--from", `${tag.startsMs / this.durationMs}`);
    bar.style.setProperty("--to", `${tag.endsMs / this.durationMs}`);
    const values = { starts: tag.startsMs, ends: tag.endsMs, whole: tag.startsMs };
    const names = { starts: this.words.starts, ends: this.words.ends, whole: this.words.tag };
    for (const handle of bar.querySelectorAll<HTMLElement>("[data-part]")) {
      const part = handle.dataset.part as Part;
      handle.ariaLabel = `${names[part]} ${tag.title}`;
      handle.ariaValueNow = `${values[part]}`;
      handle.ariaValueText = `${(values[part] / 1000).toFixed(1)} s`;
    }
    bar.querySelector("[data-part=whole]")!.textContent = tag.title;
  }

  private drag(down: PointerEvent, index: number, part: Part) {
    down.stopPropagation();
    const handle = down.currentTarget as HTMLElement;
    const { startsMs, endsMs } = this.tags[index]!;
    handle.setPointerCapture(down.pointerId);
    const move = (event: PointerEvent) => {
      const by = ((event.clientX - down.clientX) / this.element.clientWidth) * this.durationMs;
      this.shift(index, part, startsMs, endsMs, by);
    };
    const up = () => {
      handle.removeEventListener("pointermove", move);
      this.onMoved();
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", up, { once: true });
  }

  private step(event: KeyboardEvent, index: number, part: Part) {
    const by = KEY_STEPS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const { startsMs, endsMs } = this.tags[index]!;
    const far = Math.sign(by) * this.durationMs;
    this.shift(index, part, startsMs, endsMs, Number.isFinite(by) ? by : far);
    this.onMoved();
  }

  private shift(index: number, part: Part, startsMs: number, endsMs: number, by: number) {
    const length = endsMs - startsMs;
    const within = (value: number, least: number, most: number) =>
      Math.round(Math.max(least, Math.min(most, value)));
    if (part === "starts") startsMs = within(startsMs + by, 0, endsMs - this.shortestMs);
    if (part === "ends") endsMs = within(endsMs + by, startsMs + this.shortestMs, this.durationMs);
    if (part === "whole") {
      startsMs = within(startsMs + by, 0, this.durationMs - length);
      endsMs = startsMs + length;
    }
    this.onMove(index, startsMs, endsMs);
    this.onSeek(part === "ends" ? endsMs : startsMs);
  }

  private scrub(down: PointerEvent) {
    const seek = (event: PointerEvent) => {
      const box = this.element.getBoundingClientRect();
      const at = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
      this.onSeek(at * this.durationMs);
    };
    this.element.setPointerCapture(down.pointerId);
    seek(down);
    this.element.addEventListener("pointermove", seek);
    const stop = () => this.element.removeEventListener("pointermove", seek);
    this.element.addEventListener("lostpointercapture", stop, { once: true });
  }
}

function stepOf(durationMs: number, most: number): number {
  return [1, 2, 5, 10, 20, 30].find((step) => durationMs / 1000 / step <= most) ?? 60;
}

// Neighbouring bars get hues far apart.
export function hueOf(index: number): number {
  return (85 + index * 137) % 360;
}

function track(bars: HTMLElement[]): HTMLElement {
  const element = made("div", "timeline-track");
  element.append(...bars);
  return element;
}

function made(name: string, className: string): HTMLElement {
  const element = document.createElement(name);
  element.className = className;
  return element;
}
