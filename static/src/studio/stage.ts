// The picture above a timeline: play button, clock, and who follows the play head.
export class Stage {
  readonly video: HTMLVideoElement;
  onTick: (ms: number) => void = () => {};

  constructor(private readonly form: HTMLElement) {
    this.video = this.part<HTMLVideoElement>("[data-video]");
    this.video.controls = false;
    this.part("[data-bar]").hidden = false;
    this.part("[data-play]").addEventListener("click", () => this.togglePlay());
    const follow = () => {
      this.tick();
      if (!this.video.paused) requestAnimationFrame(follow);
    };
    for (const kind of ["play", "pause", "seeked", "timeupdate"]) {
      this.video.addEventListener(kind, follow);
    }
  }

  get ms(): number {
    return Math.round(this.video.currentTime * 1000);
  }

  togglePlay() {
    if (this.video.paused) void this.video.play();
    else this.video.pause();
  }

  seek(ms: number) {
    this.video.currentTime = ms / 1000;
    this.onTick(ms);
  }

  tick() {
    const ms = this.video.currentTime * 1000;
    this.part("[data-clock]").textContent = clock(ms, 1);
    this.part("[data-play]").classList.toggle("is-playing", !this.video.paused);
    this.onTick(ms);
  }

  private part<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.form.querySelector<E>(selector)!;
  }
}

// 62,500 with one digit is 1:02.5.
export function clock(ms: number, digits: number): string {
  const unit = 10 ** (3 - digits);
  const whole = Math.round(ms / unit) * unit;
  const seconds = ((whole / 1000) % 60).toFixed(digits).padStart(digits + 3, "0");
  return `${Math.floor(whole / 60000)}:${seconds}`;
}

// “1:02.5”, “62.5” or “62,5”; undefined where it is no time.
export function typedTime(text: string): number | undefined {
  const match = /^(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, hours = "0", minutes = "0", seconds = "0", fraction = ""] = match;
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return whole * 1000 + Number(fraction.padEnd(3, "0"));
}
