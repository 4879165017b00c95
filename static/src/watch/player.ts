// One <video> that can be filled and emptied: Apple's own HLS, else hls.js, else MP4.
import type Hls from "hls.js";
import type { ErrorData } from "hls.js";

const SEGMENT_SECONDS = 2;
const AHEAD_SECONDS = 20;
const HLS_TYPE = "application/vnd.apple.mpegurl";

// Other browsers say "maybe" and then play without adapting to the line.
const plays = document.createElement("video").canPlayType(HLS_TYPE) !== "";
const isNative = plays && navigator.vendor.startsWith("Apple");

let library: Promise<typeof Hls> | undefined;
let lineBitsPerSecond = 1_500_000;

function loadLibrary() {
  library ??= import("hls.js").then((module) => module.default);
  return library;
}

export class Player {
  isAlive = false;
  onFailure: () => void = () => {};
  private readonly playlist: string;
  private readonly mp4: string;
  private hls: Hls | undefined;
  private hasRecovered = false;
  private filling = 0;
  private isWanted = false;

  constructor(readonly video: HTMLVideoElement) {
    const source = (type: string) =>
      video.querySelector<HTMLSourceElement>(`source[type="${type}"]`)?.src ?? "";
    this.playlist = source(HLS_TYPE);
    this.mp4 = source("video/mp4");
    for (const element of video.querySelectorAll("source")) element.remove();
    video.removeAttribute("controls");
    video.addEventListener("error", () => this.fallBack());
  }

  // Fetches the playlist and the first segment, no more.
  async prepare(buffer = SEGMENT_SECONDS) {
    if (this.isAlive) return;
    this.isAlive = true;
    this.video.dataset.alive = "";
    const filling = ++this.filling;
    if (!this.playlist || isNative) {
      this.video.preload = "auto";
      this.video.src = this.playlist || this.mp4;
      return;
    }
    const library = await loadLibrary();
    // Freed, or freed and filled again, while the library was on its way.
    if (filling !== this.filling || !this.isAlive) return;
    if (!library.isSupported()) {
      this.video.src = plays ? this.playlist : this.mp4;
      return;
    }
    const hls = new library({
      maxBufferLength: buffer,
      maxMaxBufferLength: buffer,
      backBufferLength: 10,
      capLevelToPlayerSize: true,
      abrEwmaDefaultEstimate: lineBitsPerSecond,
    });
    this.hls = hls;
    hls.on(library.Events.ERROR, (_, data) => this.recover(library, data));
    hls.loadSource(this.playlist);
    hls.attachMedia(this.video);
  }

  async play() {
    this.isWanted = true;
    await this.prepare(AHEAD_SECONDS);
    if (this.hls) {
      this.hls.config.maxBufferLength = AHEAD_SECONDS;
      this.hls.config.maxMaxBufferLength = AHEAD_SECONDS;
    }
    try {
      await this.video.play();
    } catch (error) {
      await this.playMuted(error);
    }
  }

  pause() {
    this.isWanted = false;
    this.video.pause();
  }

  // Gives back decoder, buffers and connections.
  free() {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.isWanted = false;
    this.hasRecovered = false;
    delete this.video.dataset.alive;
    if (this.hls) {
      lineBitsPerSecond = this.hls.bandwidthEstimate || lineBitsPerSecond;
      this.hls.destroy();
      this.hls = undefined;
    }
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  // Sound without a tap is refused by the browser: then without sound.
  private async playMuted(error: unknown) {
    const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
    if (!isRefused || this.video.muted) return;
    this.video.muted = true;
    await this.video.play().catch(() => this.video.pause());
  }

  private recover(library: typeof Hls, data: ErrorData) {
    if (!data.fatal || !this.hls) return;
    if (!this.hasRecovered && data.type === library.ErrorTypes.MEDIA_ERROR) {
      this.hasRecovered = true;
      this.hls.recoverMediaError();
      return;
    }
    this.hls.destroy();
    this.hls = undefined;
    this.fallBack();
  }

  private fallBack() {
    if (!this.isAlive || this.hls) return;
    if (this.mp4 && this.video.src !== this.mp4) {
      this.video.src = this.mp4;
      // The new source forgot the call to play that the old one had.
      if (this.isWanted) void this.play();
      return;
    }
    this.onFailure();
  }
}
