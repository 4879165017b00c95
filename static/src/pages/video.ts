import "../modules/buy-box";
import "../watch/more";
import "../watch/share";
import "../watch/sheet";
import { Clip } from "../watch/clip";
import { listenToKeys } from "../watch/keys";
import { choose, mayAutoplay } from "../watch/preferences";

const element = document.querySelector<HTMLElement>("[data-clip]");
if (element) {
  const clip = new Clip(element);
  const toggleSound = () => {
    choose("sound", clip.isMuted);
    clip.mute(!clip.isMuted);
  };
  const mute = element.querySelector<HTMLElement>("[data-mute]");
  if (mute) mute.hidden = false;
  mute?.addEventListener("click", toggleSound);
  listenToKeys({ clip: () => clip, toggleSound });
  void clip.enter({ autoplay: mayAutoplay() });
  window.addEventListener("pagehide", () => clip.leave());
}
