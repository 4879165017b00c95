import { behaviour } from "./behaviour";

// <time datetime="…" data-local>: the server does not know the reader's clock.
const LOOK = { dateStyle: "medium", timeStyle: "short" } as const;

behaviour("time[data-local]", (time) => {
  const at = new Date((time as HTMLTimeElement).dateTime);
  time.textContent = at.toLocaleString(document.documentElement.lang, LOOK);
});
