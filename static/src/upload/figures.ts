// Sizes, speeds and times as people of the page's language write them.
const language = document.documentElement.lang || "en";

function unit(value: number, name: string, digits = 0): string {
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: name,
    unitDisplay: name === "minute" ? "short" : "narrow",
    maximumFractionDigits: digits,
  }).format(value);
}

// Counted by 1024, as the server's own pages do.
export function size(bytes: number): string {
  if (bytes >= 2 ** 30) return spaced(unit(bytes / 2 ** 30, "gigabyte", 1));
  if (bytes >= 2 ** 20) return spaced(unit(bytes / 2 ** 20, "megabyte", 1));
  return spaced(unit(Math.ceil(bytes / 2 ** 10), "kilobyte"));
}

// The narrow form of English writes “8MB”.
function spaced(text: string): string {
  return text.replace(/(\d)(\p{L})/u, "$1\u00a0$2");
}

export function duration(seconds: number): string {
  if (seconds < 90) return spaced(unit(Math.max(1, Math.round(seconds)), "second"));
  return unit(Math.round(seconds / 60), "minute");
}
