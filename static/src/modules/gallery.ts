// .gallery[data-gallery]: the thumbnails move the track, the track marks its thumbnail.
import { behaviour } from "./behaviour";

behaviour("[data-gallery]", (gallery) => {
  const track = gallery.querySelector<HTMLElement>(".gallery-track");
  const thumbs = [...gallery.querySelectorAll<HTMLElement>(".gallery-thumbs > *")];
  if (!track) return;
  const mark = () => {
    const shown = Math.round(track.scrollLeft / Math.max(track.clientWidth, 1));
    thumbs.forEach((thumb, index) => {
      if (index === shown) thumb.setAttribute("aria-current", "true");
      else thumb.removeAttribute("aria-current");
    });
  };
  thumbs.forEach((thumb, index) => {
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      track.scrollTo({ left: index * track.clientWidth, behavior: "smooth" });
    });
  });
  track.addEventListener("scroll", mark, { passive: true });
  mark();
});
