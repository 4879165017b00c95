// Captions in a place of their own, where neither card nor title covers them.
import { choose, isOn } from "./preferences";

export class Captions {
  private readonly slot: HTMLElement | null;
  private readonly button: HTMLElement | null;

  constructor(
    element: HTMLElement,
    private readonly video: HTMLVideoElement,
  ) {
    this.slot = element.querySelector("[data-captions]");
    this.button = element.querySelector("[data-captions-toggle]");
    if (!this.button || !this.slot || !this.video.querySelector("track")) return;
    this.button.hidden = false;
    this.button.addEventListener("click", () => {
      choose("captions", !isOn("captions"));
      this.show();
    });
    this.show();
  }

  show() {
    const track = this.track();
    if (!track || !this.slot) return;
    const isShown = isOn("captions");
    this.button?.setAttribute("aria-pressed", String(isShown));
    // "hidden" loads the cues and tells when they change, without drawing them.
    track.mode = isShown ? "hidden" : "disabled";
    track.oncuechange = () => this.draw(track);
    this.slot.hidden = !isShown;
    this.draw(track);
  }

  private track(): TextTrack | undefined {
    const tracks = [...this.video.textTracks];
    const language = document.documentElement.lang;
    return tracks.find((track) => track.language === language) ?? tracks[0];
  }

  private draw(track: TextTrack) {
    const cues = [...(track.activeCues ?? [])] as VTTCue[];
    const lines = cues.map((cue) => cue.getCueAsHTML().textContent ?? "");
    if (this.slot) this.slot.textContent = lines.join("\n");
  }
}
