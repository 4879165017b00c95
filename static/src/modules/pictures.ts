// <img data-colour="#a0b0c0">: its average colour stands behind it while it loads.
import { behaviour } from "./behaviour";

behaviour("img[data-colour]", (element) => {
  const image = element as HTMLImageElement;
  if (image.complete) return;
  image.style.backgroundColor = image.dataset.colour ?? "";
  image.addEventListener("load", () => (image.style.backgroundColor = ""), { once: true });
});
