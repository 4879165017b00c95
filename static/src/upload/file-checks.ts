// What can be said against a file before a byte of it is sent.
export interface Limits {
  extensions: string[];
  maxBytes: number;
  maxSeconds: number;
  minSeconds: number;
}

export type Objection = "type" | "empty" | "size" | "long" | "short";

// A browser that cannot read the container says nothing, or nothing for long.
const LOOK_MS = 4000;

export function objectionTo(file: File, limits: Limits): Objection | undefined {
  const suffix = /\.[^.]+$/.exec(file.name.toLowerCase())?.[0] ?? "";
  if (!limits.extensions.includes(suffix)) return "type";
  if (file.size === 0) return "empty";
  if (file.size > limits.maxBytes) return "size";
}

// Its container may lie, so this is a doubt, not a refusal.
export async function doubtAbout(file: File, limits: Limits): Promise<Objection | undefined> {
  const seconds = await secondsOf(file);
  if (seconds === undefined) return;
  if (seconds > limits.maxSeconds + 1) return "long";
  if (seconds < limits.minSeconds) return "short";
}

function secondsOf(file: File): Promise<number | undefined> {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  return new Promise<number | undefined>((resolve) => {
    const tell = () => resolve(Number.isFinite(video.duration) ? video.duration : undefined);
    video.preload = "metadata";
    video.addEventListener("loadedmetadata", tell);
    video.addEventListener("error", () => resolve(undefined));
    setTimeout(() => resolve(undefined), LOOK_MS);
    video.src = address;
  }).finally(() => {
    video.removeAttribute("src");
    URL.revokeObjectURL(address);
  });
}
