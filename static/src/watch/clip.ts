// A video with its controls: toggle, sound, captions, position, products on screen.
import { toast } from "../modules/toasts";
import { Captions } from "./captions";
import { record } from "./events";
import { Player } from "./player";
import { choose, isOn, savesData } from "./preferences";
import { Storyboard } from "./storyboard";
import { ProductTags } from "./tags";

// Who comes back to a video has watched it again; the site counts so many.
const WATCHES = 4;

export class Clip {
  readonly id: string;
  readonly player: Player;
  readonly tags: ProductTags;
  readonly captions: Captions;
  private readonly video: HTMLVideoElement;
  private readonly token: string | undefined;
  private isPausedByHand = false;
  private isSeen = false;
  private playingSince = 0;
  private watchedMs = 0;
  private watches = 0;
  private loops = 0;
  private furthest = 0;
  private lastTime = 0;

  constructor(readonly element: HTMLElement) {
    this.id = element.dataset.clip ?? "";
    this.token = element.dataset.token;
    this.video = element.querySelector<HTMLVideoElement>("[data-video]")!;
    this.player = new Player(this.video);
    this.tags = new ProductTags(element, this.video);
    this.captions = new Captions(element, this.video);
    this.paint();
    this.watchState();
    this.wireControls();
    this.player.onFailure = () => this.showFailure(true);
  }

  // On screen: counts as seen, plays.
  async enter({ autoplay }: { autoplay: boolean }) {
    if (!this.isSeen) record({ token: this.token, kind: "impression" });
    this.isSeen = true;
    this.isPausedByHand = !autoplay;
    this.showFailure(false);
    this.tags.refresh();
    if (autoplay) await this.start();
    else if (!savesData()) await this.player.prepare();
  }

  // Off screen: what was watched is written down.
  leave({ isMovedOn = false } = {}) {
    this.player.pause();
    this.stopClock();
    const { watches, loops } = this;
    const watched = Math.round(this.watchedMs);
    const share = loops ? 1000 : Math.round(1000 * this.furthest);
    this.watchedMs = this.loops = this.furthest = 0;
    if (watched < 250 || watches >= WATCHES) return;
    this.watches += 1;
    const skip = isMovedOn && share < 500;
    const told = { watched_ms: watched, share, loops, skip, nth: watches };
    record({ token: this.token, kind: "watch", ...told });
  }

  async start() {
    this.video.muted = !isOn("sound");
    await this.player.play();
  }

  async toggle() {
    this.isPausedByHand = !this.video.paused;
    if (this.isPausedByHand) this.player.pause();
    else await this.start();
  }

  async resume() {
    if (!this.isPausedByHand) await this.start();
  }

  mute(isMuted: boolean) {
    this.video.muted = isMuted;
  }

  get isMuted() {
    return this.video.muted;
  }

  private paint() {
    const { colour } = this.element.dataset;
    if (colour) this.element.style.setProperty("--clip-colour", colour);
    this.element.dataset.state = "idle";
  }

  private watchState() {
    const show = (state: string) => (this.element.dataset.state = state);
    this.video.addEventListener("playing", () => {
      show("playing");
      this.stopClock(); // a film that begins again says so without a pause before
      this.playingSince = performance.now();
    });
    this.video.addEventListener("pause", () => {
      show("paused");
      this.stopClock();
    });
    this.video.addEventListener("waiting", () => {
      show("waiting");
      this.stopClock();
    });
    this.video.addEventListener("emptied", () => show("idle"));
    this.video.addEventListener("volumechange", () => this.showSound());
    this.video.addEventListener("timeupdate", () => this.followTime());
  }

  private stopClock() {
    if (this.playingSince) this.watchedMs += performance.now() - this.playingSince;
    this.playingSince = 0;
  }

  // How far it came, and how often it began again.
  private followTime() {
    const { currentTime, duration } = this.video;
    if (!duration) return;
    const isAtStart = currentTime < duration * 0.2;
    if (isAtStart && this.lastTime > duration * 0.8) this.loops += 1;
    this.lastTime = currentTime;
    this.furthest = Math.max(this.furthest, Math.min(currentTime / duration, 1));
  }

  private wireControls() {
    // Buttons that say what somebody thinks of it; the site has it from their forms.
    this.element.addEventListener("submit", (event) => {
      const kind = (event.target as HTMLElement).dataset.event;
      if (kind) record({ token: this.token, kind: kind as "like" | "save" | "follow" });
    });
    this.wire("[data-saver]", () => this.toggleSaver());
    // One choice for all clips of the page.
    document.addEventListener("data-saver", () => this.showSaver());
    this.showSaver();
    this.wire("[data-toggle]", () => this.toggle());
    this.wire("[data-retry]", () => {
      this.player.free();
      this.showFailure(false);
      return this.start();
    });
    this.wireSeek();
    this.showSound();
  }

  private wire(selector: string, act: () => unknown) {
    const button = this.element.querySelector<HTMLElement>(selector);
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => void act());
  }

  private wireSeek() {
    const seek = this.element.querySelector<HTMLInputElement>("[data-seek]");
    if (!seek) return;
    seek.hidden = false;
    seek.addEventListener("input", () => (this.video.currentTime = seek.valueAsNumber / 1000));
    this.video.addEventListener("timeupdate", () => {
      seek.value = String(Math.round(this.video.currentTime * 1000));
      seek.style.setProperty("--done", `${(100 * seek.valueAsNumber) / Number(seek.max)}%`);
    });
    const preview = this.element.querySelector<HTMLElement>("[data-scrub]");
    if (preview) new Storyboard(seek, preview);
  }

  private showSound() {
    this.element.classList.toggle("is-muted", this.video.muted);
    const button = this.element.querySelector("[data-mute]");
    button?.setAttribute("aria-pressed", String(!this.video.muted));
  }

  private toggleSaver() {
    choose("data-saver", !savesData());
    document.dispatchEvent(new Event("data-saver"));
    const { dataset } = this.element.querySelector<HTMLElement>("[data-saver]")!;
    const words = savesData() ? dataset.textOn : dataset.textOff;
    toast({ text: words ?? "", kind: "info" });
  }

  private showSaver() {
    this.player.capRung();
    const button = this.element.querySelector("[data-saver]");
    button?.setAttribute("aria-pressed", String(savesData()));
  }

  private showFailure(hasFailed: boolean) {
    const box = this.element.querySelector<HTMLElement>("[data-failed]");
    if (box) box.hidden = !hasFailed;
  }
}
