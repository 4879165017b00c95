// <div data-tabs role="tablist"> with buttons role="tab" aria-controls="panel-id".
import { behaviour } from "./behaviour";

function select(tabs: HTMLElement[], chosen: HTMLElement) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (panel) panel.hidden = !isChosen;
  }
}

behaviour("[data-tabs]", (list) => {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const first = tabs.find((tab) => tab.ariaSelected === "true") ?? tabs[0];
  if (first) select(tabs, first);
  list.addEventListener("click", (event) => {
    const tab = (event.target as Element).closest<HTMLElement>("[role=tab]");
    if (tab) select(tabs, tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const now = tabs.indexOf(document.activeElement as HTMLElement);
    const next = tabs[(now + (step ?? 0) + tabs.length) % tabs.length];
    if (!step || now < 0 || !next) return;
    select(tabs, next);
    next.focus();
  });
});
