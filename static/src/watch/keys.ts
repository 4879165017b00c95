// Arrows or j and k for the next and the last video, space, m, c.
import type { Clip } from "./clip";

export interface Keys {
  clip: () => Clip | undefined;
  step?: (by: number) => void;
  toggleSound: () => void;
}

const TYPING = "input, textarea, select, [contenteditable]";

export function listenToKeys({ clip, step, toggleSound }: Keys) {
  const actions: Record<string, () => unknown> = {
    " ": () => clip()?.toggle(),
    m: toggleSound,
    c: () => click("[data-captions-toggle]"),
    ...(step && {
      ArrowDown: () => step(1),
      j: () => step(1),
      ArrowUp: () => step(-1),
      k: () => step(-1),
    }),
  };
  const click = (selector: string) =>
    clip()?.element.querySelector<HTMLElement>(selector)?.click();

  document.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || target.matches(TYPING)) return;
    // Space on a button or link is that button's own.
    if (event.key === " " && target.closest("button, a, summary")) return;
    event.preventDefault();
    void action();
  });
}
