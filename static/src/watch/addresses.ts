// Signed addresses end.  A fresh one is asked for in time, or when one is refused.
const MARGIN_MS = 20_000;
const EXPIRES = /\/(?:shared|private)\/[\w-]+\/(\d+)\//;
const REFUSED = [403, 404, 410];

interface Fresh {
  captions: Record<string, string>;
  playlist: string;
  mp4: string;
  seconds: number;
}

export class Addresses {
  private readonly former: string[] = [];
  private endsAt: number;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly source: string,
    public playlist: string,
    public mp4: string,
  ) {
    this.endsAt = 1000 * Number(EXPIRES.exec(playlist || mp4)?.[1] ?? Infinity);
  }

  // The same file at the address that is good now.
  async current(url: string): Promise<string> {
    if (Date.now() > this.endsAt - MARGIN_MS) await this.renew();
    const base = this.former.find((former) => url.startsWith(former));
    return base ? folderOf(this.playlist) + url.slice(base.length) : url;
  }

  // Says whether asking again may help; the next request then takes a fresh address.
  isRefused(status: number | undefined): boolean {
    const isRefused = status !== undefined && REFUSED.includes(status);
    if (isRefused) this.endsAt = 0;
    return isRefused;
  }

  renew(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask() {
    if (!this.source) return;
    const fresh = await freshFrom(this.source);
    if (this.playlist) this.former.push(folderOf(this.playlist));
    this.playlist = absolute(fresh.playlist);
    this.mp4 = absolute(fresh.mp4);
    // By the length, not the moment: the clock of this machine may be wrong.
    this.endsAt = Date.now() + 1000 * fresh.seconds;
  }
}

async function freshFrom(source: string): Promise<Fresh> {
  const answer = await fetch(source, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`no fresh address: ${answer.status}`);
  return (await answer.json()) as Fresh;
}

// Captions are fetched when they are turned on, which may be long after the page.
export function keepReadable(video: HTMLVideoElement) {
  for (const track of video.querySelectorAll("track")) {
    let mayRenew = Boolean(video.dataset.addresses);
    track.addEventListener("load", () => (mayRenew = true));
    track.addEventListener("error", async () => {
      if (!mayRenew) return;
      mayRenew = false;
      const { captions } = await freshFrom(video.dataset.addresses!);
      track.src = captions[track.srclang] ?? track.src;
    });
  }
}

// A plain <video> whose address has ended goes on where it was.
export function keepPlayable(video: HTMLVideoElement) {
  keepReadable(video);
  const addresses = new Addresses(video.dataset.addresses ?? "", "", video.src);
  let mayRenew = true;
  video.addEventListener("playing", () => (mayRenew = true));
  video.addEventListener("error", async () => {
    if (!mayRenew) return;
    mayRenew = false;
    const wasPlaying = !video.paused;
    await addresses.renew();
    goOn(video, addresses.mp4);
    if (wasPlaying) await video.play();
  });
}

// Another address of the same film, from the same moment.
export function goOn(video: HTMLVideoElement, address: string) {
  const { currentTime } = video;
  video.src = address;
  video.currentTime = currentTime;
}

function folderOf(playlist: string): string {
  return playlist.slice(0, playlist.lastIndexOf("/") + 1);
}

function absolute(url: string): string {
  return url && new URL(url, location.href).href;
}
