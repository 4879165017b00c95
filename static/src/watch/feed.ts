// The feed: one clip at a time on screen, at most three players alive.
import { htmx } from "../modules/htmx";
import { Clip } from "./clip";
import { record } from "./events";
import { choose, mayAutoplay, savesData } from "./preferences";

const SETTLES_MS = 120;
const LOAD_MORE_BEFORE_END = 4;
// When the line is slow the next clip waits no longer than this for this one.
const PRELOAD_AFTER_MS = 2500;

export class Feed {
  private readonly track: HTMLElement;
  private readonly clips: Clip[] = [];
  private readonly known = new Set<string>();
  private readonly observer: IntersectionObserver;
  private active = -1;
  private candidate = -1;
  private settling = 0;
  private preloading = 0;
  private isLoading = false;
  private isStale = false;

  constructor(private readonly root: HTMLElement) {
    this.track = root.querySelector<HTMLElement>("[data-feed-track]")!;
    this.observer = new IntersectionObserver((entries) => this.onSeen(entries), {
      root: this.track,
      threshold: 0.6,
    });
    this.adopt();
    this.wireSound();
    this.wireSteps();
    this.wirePage();
  }

  get current(): Clip | undefined {
    return this.clips[this.active];
  }

  step(by: number) {
    const now = Math.round(this.track.scrollTop / Math.max(this.track.clientHeight, 1));
    this.track.children[now + by]?.scrollIntoView({ block: "start" });
  }

  async toggleSound() {
    const clip = this.current;
    if (!clip) return;
    choose("sound", clip.isMuted);
    clip.mute(!clip.isMuted);
    this.showSound();
  }

  // Takes new articles in; one that has been here before is dropped.
  private adopt() {
    for (const element of this.track.querySelectorAll<HTMLElement>("[data-clip]")) {
      if (this.clips.some((clip) => clip.element === element)) continue;
      const id = element.dataset.clip ?? "";
      if (this.known.has(id)) {
        element.remove();
        continue;
      }
      this.known.add(id);
      openWhereThereIsRoom(element);
      const clip = new Clip(element);
      this.clips.push(clip);
      this.wireMute(clip);
      this.observer.observe(element);
    }
    // At the end, or while more is coming, no video is on screen.
    const last = this.track.lastElementChild;
    if (last && !last.matches("[data-clip]")) this.observer.observe(last);
  }

  private wireMute(clip: Clip) {
    const button = clip.element.querySelector<HTMLElement>("[data-mute]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => void this.toggleSound());
  }

  private onSeen(entries: IntersectionObserverEntry[]) {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      this.candidate = this.clips.findIndex((clip) => clip.element === entry.target);
    }
    // A quick swipe passes over clips without starting them.
    clearTimeout(this.settling);
    const wait = this.active < 0 ? 0 : SETTLES_MS;
    this.settling = window.setTimeout(() => this.activate(this.candidate), wait);
  }

  private activate(index: number) {
    if (index === this.active) return;
    this.current?.leave({ isMovedOn: true });
    this.active = index;
    const clip = this.current;
    if (!clip) {
      this.showSound();
      return;
    }
    this.keepAlive();
    void clip.enter({ autoplay: mayAutoplay() }).then(() => this.showSound());
    clip.captions.show();
    this.preloadNext(clip);
    this.remember(clip);
    if (this.clips.length - index <= LOAD_MORE_BEFORE_END) void this.loadMore();
  }

  // The one before stays for going back; everything else is freed.
  private keepAlive() {
    this.clips.forEach((clip, index) => {
      if (Math.abs(index - this.active) > 1) clip.player.free();
    });
  }

  private preloadNext(clip: Clip) {
    clearTimeout(this.preloading);
    if (!mayAutoplay() || savesData()) return;
    const preload = () => {
      clearTimeout(this.preloading);
      if (this.current === clip) void this.clips[this.active + 1]?.player.prepare();
    };
    clip.player.video.addEventListener("playing", preload, { once: true });
    this.preloading = window.setTimeout(preload, PRELOAD_AFTER_MS);
  }

  // Coming back to this page opens with the same video.
  private remember(clip: Clip) {
    const url = new URL(location.href);
    url.searchParams.delete("cursor");
    url.searchParams.set("v", clip.id);
    history.replaceState(history.state, "", url);
  }

  private async loadMore() {
    const more = this.track.querySelector<HTMLElement>("[data-feed-more]");
    if (!more || this.isLoading) return;
    this.isLoading = true;
    this.track.ariaBusy = "true";
    this.showFailure(more, false);
    try {
      const answer = await fetch(more.dataset.feedMore ?? "");
      if (!answer.ok) throw new Error(`the feed answered ${answer.status}`);
      const page = document.createRange().createContextualFragment(await answer.text());
      const parts = [...page.children];
      more.replaceWith(page);
      for (const part of parts) htmx.process(part as HTMLElement);
      this.adopt();
    } catch {
      this.showFailure(more, true);
    } finally {
      this.isLoading = false;
      this.track.ariaBusy = "false";
      if (this.isStale) this.renew();
    }
  }

  // What was wished counts at once: the videos behind this one are asked for anew.
  private renew() {
    const clip = this.current;
    const visit = clip?.element.dataset.visit;
    const address = this.track.dataset.feedTrack;
    if (!clip || !visit || !address) return;
    // A page that is under way was chosen before the wish.
    this.isStale = this.isLoading;
    if (this.isStale) return;
    for (const later of this.clips.splice(this.active + 1)) {
      this.known.delete(later.id);
      later.player.free();
      later.element.remove();
    }
    const more = document.createElement("article");
    more.className = "feed-more";
    const next = Number(clip.element.dataset.place) + 1;
    more.dataset.feedMore = `${address}?cursor=${visit}.${next}`;
    this.track.lastElementChild?.replaceWith(more);
    void this.loadMore();
  }

  private showFailure(more: HTMLElement, hasFailed: boolean) {
    const failed = more.querySelector<HTMLElement>("[data-feed-failed]");
    const loading = more.querySelector<HTMLElement>(".feed-loading");
    if (failed) failed.hidden = !hasFailed;
    if (loading) loading.hidden = hasFailed;
  }

  private wireSound() {
    const button = this.root.querySelector<HTMLElement>("[data-feed-sound]");
    button?.addEventListener("click", () => void this.toggleSound());
    this.showSound();
  }

  private showSound() {
    const button = this.root.querySelector<HTMLElement>("[data-feed-sound]");
    const clip = this.current;
    const isSilent = clip?.element.dataset.silent !== undefined;
    if (button) button.hidden = !clip?.isMuted || isSilent;
  }

  private wireSteps() {
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-feed-step]")) {
      button.hidden = this.clips.length < 2;
      button.addEventListener("click", () => this.step(Number(button.dataset.feedStep)));
    }
    this.track.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-feed-retry]")) void this.loadMore();
    });
  }

  private wirePage() {
    document.addEventListener("feed-changed", () => this.renew());
    document.addEventListener("submit", (event) => {
      const isNo = (event.target as HTMLElement).dataset.event === "not_interested";
      const token = this.current?.element.dataset.token;
      if (isNo) record({ token, kind: "not_interested" });
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.current?.resume();
      else this.current?.leave();
    });
    window.addEventListener("pagehide", () => this.current?.leave());
  }
}

function openWhereThereIsRoom(element: HTMLElement) {
  const products = element.querySelector<HTMLDetailsElement>("[data-clip-products]");
  if (products && window.matchMedia("(width >= 60rem)").matches) products.open = true;
}
