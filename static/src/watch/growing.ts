// A film that is still being made: its playlist grows, and it plays as far as that goes.
import { isNative, loadLibrary } from "./hls";

export async function playGrowing(video: HTMLVideoElement) {
  const playlist = video.dataset.growing!;
  if (isNative) {
    video.src = playlist;
    return;
  }
  const library = await loadLibrary();
  if (!library.isSupported() || !video.isConnected) return;
  const hls = new library({ startPosition: 0 });
  hls.loadSource(playlist);
  hls.attachMedia(video);
  // What is finished takes its place in the page.
  const gone = new MutationObserver(() => {
    if (video.isConnected) return;
    hls.destroy();
    gone.disconnect();
  });
  gone.observe(document.body, { childList: true, subtree: true });
}
