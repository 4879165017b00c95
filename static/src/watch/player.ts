// One <video> that can be filled and emptied: Apple's own HLS, else hls.js, else MP4.
import type Hls from "hls.js";
import type { ErrorData, HlsConfig, LoadPolicy } from "hls.js";
import { Addresses, goOn } from "./addresses";
import { HLS_TYPE, isNative, loadLibrary, plays } from "./hls";
import { savesData } from "./preferences";

const SEGMENT_SECONDS = 2;
const AHEAD_SECONDS = 20;
// Of who saves data: less is fetched in vain when the next video is swiped to.
const FRUGAL_AHEAD_SECONDS = 6;
const FRUGAL_EDGE = 540;

let lineBitsPerSecond = 1_500_000;

export class Player {
  isAlive = false;
  onFailure: () => void = () => {};
  private readonly addresses: Addresses;
  private hls: Hls | undefined;
  private hasRecovered = false;
  private hasRenewed = false;
  private filling = 0;
  private isWanted = false;

  constructor(readonly video: HTMLVideoElement) {
    const source = (type: string) =>
      video.querySelector<HTMLSourceElement>(`source[type="${type}"]`)?.src ?? "";
    const fresh = video.dataset.addresses ?? "";
    this.addresses = new Addresses(fresh, source(HLS_TYPE), source("video/mp4"));
    for (const element of video.querySelectorAll("source")) element.remove();
    video.removeAttribute("controls");
    video.addEventListener("error", () => void this.fallBack());
    video.addEventListener("playing", () => (this.hasRenewed = false));
  }

  // Fetches the playlist and the first segment, no more.
  async prepare(buffer = SEGMENT_SECONDS) {
    if (this.isAlive) return;
    this.isAlive = true;
    this.video.dataset.alive = "";
    const filling = ++this.filling;
    const { playlist, mp4 } = this.addresses;
    if (!playlist || isNative) {
      this.video.preload = "auto";
      // The one file is a rung of at most about 540, and nothing can be capped here.
      this.video.src = savesData() ? mp4 : playlist || mp4;
      return;
    }
    const library = await loadLibrary();
    // Freed, or freed and filled again, while the library was on its way.
    if (filling !== this.filling || !this.isAlive) return;
    if (!library.isSupported()) {
      this.video.src = plays ? playlist : mp4;
      return;
    }
    const hls = new library({
      maxBufferLength: buffer,
      maxMaxBufferLength: buffer,
      backBufferLength: 10,
      capLevelToPlayerSize: true,
      abrEwmaDefaultEstimate: lineBitsPerSecond,
      ...this.renewing(library.DefaultConfig),
    });
    this.hls = hls;
    hls.on(library.Events.MANIFEST_PARSED, () => this.capRung());
    hls.on(library.Events.ERROR, (_, data) => this.recover(library, data));
    hls.loadSource(playlist);
    hls.attachMedia(this.video);
  }

  async play() {
    this.isWanted = true;
    const ahead = savesData() ? FRUGAL_AHEAD_SECONDS : AHEAD_SECONDS;
    await this.prepare(ahead);
    if (this.hls) {
      this.hls.config.maxBufferLength = ahead;
      this.hls.config.maxMaxBufferLength = ahead;
    }
    try {
      await this.video.play();
    } catch (error) {
      await this.playMuted(error);
    }
  }

  // Also while it plays: from the next segment on.
  capRung() {
    if (!this.hls) return;
    const isFrugal = savesData();
    // The library's own cap would overwrite this one.
    this.hls.capLevelToPlayerSize = !isFrugal;
    if (!isFrugal) return;
    const small = this.hls.levels.filter(
      ({ width, height }) => Math.min(width, height) <= FRUGAL_EDGE,
    );
    // They stand in the order of their size.
    this.hls.autoLevelCapping = Math.max(0, small.length - 1);
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

  // Each request goes to the address of the moment; a refused one goes there anew.
  private renewing(defaults: HlsConfig): Partial<HlsConfig> {
    const patient = (policy: LoadPolicy): LoadPolicy => ({
      default: {
        ...policy.default,
        errorRetry: {
          ...policy.default.errorRetry!,
          shouldRetry: (_config, tries, _isTimeout, answer, isRetried) =>
            isRetried || (tries < 2 && this.addresses.isRefused(answer?.code)),
        },
      },
    });
    return {
      xhrSetup: async (xhr, url) =>
        xhr.open("GET", await this.addresses.current(url), true),
      fragLoadPolicy: patient(defaults.fragLoadPolicy),
      playlistLoadPolicy: patient(defaults.playlistLoadPolicy),
      manifestLoadPolicy: patient(defaults.manifestLoadPolicy),
    };
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
    void this.fallBack();
  }

  // The same source at a fresh address, then the one file, then none.
  private async fallBack() {
    if (!this.isAlive || this.hls) return;
    const wasPlaylist = isNative && this.video.src === this.addresses.playlist;
    const isRenewed = await this.isRenewed();
    if (!this.isAlive || this.hls) return;
    const { playlist, mp4 } = this.addresses;
    const sources = wasPlaylist && isRenewed ? [playlist, mp4] : [mp4];
    const address = sources.find((source) => source && source !== this.video.src);
    if (!address) {
      this.onFailure();
      return;
    }
    goOn(this.video, address);
    // The new source forgot the call to play that the old one had.
    if (this.isWanted) void this.play();
  }

  // Once between two moments of playing: what is broken stays broken.
  private async isRenewed(): Promise<boolean> {
    if (this.hasRenewed) return false;
    this.hasRenewed = true;
    return this.addresses.renew().then(
      () => true,
      () => false,
    );
  }
}
