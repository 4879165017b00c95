// The small picture over the position bar: what one would see there.
type Cue = { endsMs: number; sheet: string; area: number[] };

const CUE = /--> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

export class Storyboard {
  private cues: Promise<Cue[]> | undefined;
  private at = 0;

  constructor(
    private readonly seek: HTMLInputElement,
    private readonly preview: HTMLElement,
  ) {
    seek.addEventListener("pointermove", (event) => void this.show(this.pointed(event)));
    seek.addEventListener("input", () => void this.show(seek.valueAsNumber));
    for (const kind of ["pointerleave", "pointercancel", "change", "blur"]) {
      seek.addEventListener(kind, () => this.hide());
    }
  }

  private pointed(event: PointerEvent) {
    const box = this.seek.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return share * Number(this.seek.max);
  }

  private async show(ms: number) {
    this.at = ms;
    this.preview.hidden = false;
    this.cues ??= read(this.seek.dataset.storyboard!);
    const cues = await this.cues;
    const cue = cues.find((cue) => this.at < cue.endsMs) ?? cues.at(-1);
    if (cue) this.draw(cue);
    else this.hide();
  }

  private draw({ sheet, area: [x, y, width, height] }: Cue) {
    const picture = this.preview.querySelector<HTMLElement>("[data-scrub-picture]")!;
    picture.style.backgroundImage = `url("${sheet}")`;
    picture.style.backgroundPosition = `-${x}px -${y}px`;
    picture.style.blockSize = `${height}px`;
    this.preview.style.setProperty("--tile", `${width}px`);
    this.preview.style.setProperty("--at", String(this.at / Number(this.seek.max)));
    this.preview.querySelector("[data-scrub-time]")!.textContent = clock(this.at);
  }

  private hide() {
    this.preview.hidden = true;
  }
}

// Without the storyboard the bar works as before, hence no complaint.
async function read(url: string): Promise<Cue[]> {
  const answer = await fetch(url).catch(() => undefined);
  if (!answer?.ok) return [];
  return [...(await answer.text()).matchAll(CUE)].map((found) => ({
    endsMs: milliseconds(found[1] ?? ""),
    sheet: new URL(found[2] ?? "", answer.url).href,
    area: found.slice(3).map(Number),
  }));
}

function milliseconds(time: string) {
  const parts = time.split(":").map(Number);
  return parts.reduce((seconds, part) => seconds * 60 + part, 0) * 1000;
}

function clock(ms: number) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
