// Who plays HLS here: Apple's browsers themselves, in others hls.js, fetched when needed.
import type Hls from "hls.js";

export const HLS_TYPE = "application/vnd.apple.mpegurl";

// Other browsers say "maybe" and then play without adapting to the line.
export const plays = document.createElement("video").canPlayType(HLS_TYPE) !== "";
export const isNative = plays && navigator.vendor.startsWith("Apple");

let library: Promise<typeof Hls> | undefined;

export function loadLibrary() {
  library ??= import("hls.js").then((module) => module.default);
  return library;
}
