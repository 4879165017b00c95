// What was seen and watched, gathered and sent a few at a time.
type Kind =
  | "impression"
  | "watch"
  | "like"
  | "save"
  | "share"
  | "follow"
  | "not_interested"
  | "tag_seen"
  | "tag"
  | "cart";

interface Entry {
  // Of the page that showed the video; without one the site would refuse the event.
  token: string | undefined;
  kind: Kind;
  watched_ms?: number;
  share?: number;
  loops?: number;
  skip?: boolean;
  nth?: number;
  product?: number;
}

const ADDRESS = "/api/events";
const AT_MOST = 50;
const EVERY_MS = 10_000;

let waiting: Entry[] = [];

export function record(entry: Entry) {
  if (!entry.token) return;
  waiting.push(entry);
  // A page that is left tells last what was watched, and may never wake up again.
  const isLeft = document.visibilityState === "hidden";
  if (isLeft || waiting.length >= AT_MOST) send();
}

export function send() {
  while (waiting.length) {
    const events = waiting.splice(0, AT_MOST);
    const body = new Blob([JSON.stringify({ events })], { type: "application/json" });
    // Figures are worth one try: what the browser refuses to queue is let go.
    if (!navigator.sendBeacon(ADDRESS, body)) waiting = [];
  }
}

setInterval(send, EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") send();
});
window.addEventListener("pagehide", send);
