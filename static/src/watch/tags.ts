// Shows each tagged product while the video plays through its time.
import { record } from "./events";

const FRESH_MS = 15_000;

interface Offer {
  tag: number;
  price: string;
  is_sold_out: boolean;
}

export class ProductTags {
  private readonly timed: HTMLElement[];
  private readonly hotspots: HTMLElement[];
  private readonly seen = new Set<number>();
  private askedAt = performance.now();

  constructor(
    private readonly element: HTMLElement,
    private readonly video: HTMLVideoElement,
  ) {
    this.timed = [...element.querySelectorAll<HTMLElement>("[data-starts-ms]")];
    this.hotspots = this.timed.filter((tag) => tag.classList.contains("hotspot"));
    video.addEventListener("timeupdate", () => this.update());
    video.addEventListener("seeked", () => this.update());
    video.addEventListener("loadedmetadata", () => this.placeHotspots());
    window.addEventListener("resize", () => this.placeHotspots());
    element.addEventListener("click", (event) => this.onClick(event));
    this.wireTimes();
  }

  // Price and stock as they are now, not as they were when the page was made.
  async refresh() {
    const { offersUrl } = this.element.dataset;
    if (!offersUrl || !this.timed.length) return;
    if (performance.now() - this.askedAt < FRESH_MS) return;
    this.askedAt = performance.now();
    const answer = await fetch(offersUrl).catch(() => null);
    if (answer?.ok) for (const offer of (await answer.json()) as Offer[]) this.show(offer);
  }

  private show(offer: Offer) {
    const places = this.element.querySelectorAll<HTMLElement>(`[data-tag="${offer.tag}"]`);
    for (const place of places) {
      const price = place.querySelector("[data-price]");
      const soldOut = place.querySelector<HTMLElement>("[data-sold-out]");
      if (price) price.textContent = offer.price;
      if (soldOut) soldOut.hidden = !offer.is_sold_out;
      place.classList.toggle("is-sold-out", offer.is_sold_out);
    }
  }

  private update() {
    const now = this.video.currentTime * 1000;
    for (const tag of this.timed) {
      const isNow = now >= Number(tag.dataset.startsMs) && now < Number(tag.dataset.endsMs);
      if (tag.hidden !== isNow) continue;
      tag.hidden = !isNow;
      if (isNow) this.tellSeen(Number(tag.dataset.product));
    }
  }

  private tellSeen(product: number) {
    if (this.seen.has(product)) return;
    this.seen.add(product);
    record({ token: this.element.dataset.token, kind: "tag_seen", product });
  }

  // A spot is a place on the picture, which the screen may crop.
  private placeHotspots() {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.video;
    if (!videoWidth || !this.hotspots.length) return;
    const fit = getComputedStyle(this.video).objectFit === "cover" ? Math.max : Math.min;
    const scale = fit(clientWidth / videoWidth, clientHeight / videoHeight);
    const left = (clientWidth - videoWidth * scale) / 2;
    const top = (clientHeight - videoHeight * scale) / 2;
    for (const spot of this.hotspots) {
      const x = Number(spot.dataset.x) / 1000;
      const y = Number(spot.dataset.y) / 1000;
      spot.style.left = `${left + x * videoWidth * scale}px`;
      spot.style.top = `${top + y * videoHeight * scale}px`;
    }
  }

  private onClick(event: Event) {
    const selector = "[data-opens=product-sheet]";
    const target = (event.target as Element).closest<HTMLElement>(selector);
    if (!target) return;
    const product = Number(target.dataset.product);
    record({ token: this.element.dataset.token, kind: "tag", product });
  }

  private wireTimes() {
    for (const button of this.element.querySelectorAll<HTMLElement>("[data-seek-to]")) {
      const seconds = Number(button.dataset.seekTo) / 1000;
      const clock = button.querySelector("[data-clock]");
      if (clock) clock.textContent = minutes(seconds);
      button.hidden = false;
      button.addEventListener("click", () => (this.video.currentTime = seconds));
    }
  }
}

function minutes(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
