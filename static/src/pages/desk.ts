// The players of the desk, which a moderator may leave open for long.
import { keepPlayable } from "../watch/addresses";

for (const video of document.querySelectorAll<HTMLVideoElement>("video[data-addresses]")) {
  keepPlayable(video);
}
