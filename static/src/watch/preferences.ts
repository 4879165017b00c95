// What a person chose stays chosen: sound, captions, their language, saving of data.
type Name = "sound" | "captions" | "data-saver";

const LANGUAGE = "captions-language";

export function isOn(name: Name): boolean {
  return chosen(name) === "on";
}

function chosen(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    // Storage can be forbidden; then the choice lasts as long as the page.
    return null;
  }
}

export function choose(name: Name, value: boolean) {
  keep(name, value ? "on" : "off");
}

function keep(name: string, value: string) {
  try {
    localStorage.setItem(name, value);
  } catch {
    return;
  }
}

export function chosenLanguage(): string | null {
  return chosen(LANGUAGE);
}

export function chooseLanguage(code: string) {
  keep(LANGUAGE, code);
}

// The choice made here; without one, what the browser was told for all sites.
export function savesData(): boolean {
  return (chosen("data-saver") ?? (asksToSave() ? "on" : "off")) === "on";
}

function asksToSave(): boolean {
  const line = (navigator as { connection?: { saveData?: boolean } }).connection;
  return line?.saveData === true;
}

// Nothing moves by itself for those who asked for calm or pay for each byte.
export function mayAutoplay(): boolean {
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return !isCalm && !asksToSave();
}
