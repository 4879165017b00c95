// What a person chose stays chosen: sound and captions.
type Name = "sound" | "captions";

export function isOn(name: Name): boolean {
  try {
    return localStorage.getItem(name) === "on";
  } catch {
    // Storage can be forbidden; then the choice lasts as long as the page.
    return false;
  }
}

export function choose(name: Name, value: boolean) {
  try {
    localStorage.setItem(name, value ? "on" : "off");
  } catch {
    return;
  }
}

// Nothing moves by itself for those who asked for calm or pay for each byte.
export function mayAutoplay(): boolean {
  const line = (navigator as { connection?: { saveData?: boolean } }).connection;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return !isCalm && !line?.saveData;
}
