import "../modules/buy-box";
import "../watch/more";
import "../watch/share";
import "../watch/sheet";
import { Feed } from "../watch/feed";
import { listenToKeys } from "../watch/keys";

const root = document.querySelector<HTMLElement>("[data-feed]");
if (root) {
  const feed = new Feed(root);
  listenToKeys({
    clip: () => feed.current,
    step: (by) => feed.step(by),
    toggleSound: () => void feed.toggleSound(),
  });
}
