import { behaviour } from "./behaviour";

// <time datetime="…" data-local>: the server does not know the reader's clock.
const LOOK = { dateStyle: "medium", timeStyle: "short" } as const;
// As marketplace/formats writes the dates that stand beside it.
const ENGLISH = "en-GB";

behaviour("time[data-local]", (time) => {
  const at = new Date((time as HTMLTimeElement).dateTime);
  const { lang } = document.documentElement;
  time.textContent = at.toLocaleString(lang === "en" ? ENGLISH : lang, LOOK);
});
