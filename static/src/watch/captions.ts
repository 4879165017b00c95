// Captions in a place of their own, where neither card nor title covers them.
import { keepReadable } from "./addresses";
import { choose, chosenLanguage, chooseLanguage, isOn } from "./preferences";

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
    keepReadable(this.video);
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.next());
    this.keepAboveCards(element);
    this.show();
  }

  // As many products as are on screen: the stack grows and shrinks.
  private keepAboveCards(element: HTMLElement) {
    const cards = element.querySelector("[data-cards]");
    const stage = element.querySelector("[data-stage]");
    if (!cards || !stage) return;
    new ResizeObserver(() => {
      const covered =
        stage.getBoundingClientRect().bottom - cards.getBoundingClientRect().top;
      this.slot?.style.setProperty("--covered", `${Math.round(covered)}px`);
    }).observe(cards);
  }

  show() {
    const shown = this.track();
    if (!shown || !this.slot) return;
    const isShown = isOn("captions");
    const name = this.button?.querySelector("[data-captions-language]");
    if (name) name.textContent = isShown ? shown.label : "";
    this.button?.setAttribute("aria-pressed", String(isShown));
    for (const track of this.tracks) {
      // "hidden" loads the cues and tells when they change, without drawing them.
      track.mode = isShown && track === shown ? "hidden" : "disabled";
      track.oncuechange = track === shown ? () => this.draw(track) : null;
    }
    this.slot.hidden = !isShown;
    this.slot.lang = shown.language;
    this.draw(shown);
  }

  private get tracks(): TextTrack[] {
    return [...this.video.textTracks];
  }

  // Off, then each language in turn, then off again.
  private next() {
    const inTurn = this.inTurn();
    const now = isOn("captions") ? inTurn.indexOf(this.track()!) : -1;
    const track = inTurn[now + 1];
    choose("captions", track !== undefined);
    if (track && inTurn.length > 1) chooseLanguage(track.language);
    this.show();
  }

  private inTurn(): TextTrack[] {
    const first = document.documentElement.lang;
    const rank = (track: TextTrack) => (track.language === first ? 0 : 1);
    return [...this.tracks].sort((a, b) => rank(a) - rank(b));
  }

  private track(): TextTrack | undefined {
    const wanted = [chosenLanguage(), document.documentElement.lang];
    const named = wanted.map((code) => this.tracks.find((track) => track.language === code));
    return named.find((track) => track) ?? this.tracks[0];
  }

  private draw(track: TextTrack) {
    const cues = [...(track.activeCues ?? [])] as VTTCue[];
    const lines = cues.map((cue) => cue.getCueAsHTML().textContent ?? "");
    if (this.slot) this.slot.textContent = lines.join("\n");
  }
}
