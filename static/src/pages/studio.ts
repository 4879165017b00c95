// “Use the frame shown in the player”: draws it and sends it as the poster.
import { behaviour } from "../modules/behaviour";
import { keepPlayable } from "../watch/addresses";
import { playGrowing } from "../watch/growing";

behaviour("[data-preview]:not([data-growing])", (video) => keepPlayable(video as HTMLVideoElement));
behaviour("[data-growing]", (video) => void playGrowing(video as HTMLVideoElement));

behaviour("form[data-poster]", (element) => {
  const form = element as HTMLFormElement;
  const button = form.querySelector<HTMLElement>("[data-frame]")!;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const video = document.querySelector<HTMLVideoElement>("[data-preview]");
    if (!video?.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")!.drawImage(video, 0, 0);
    canvas.toBlob((picture) => picture && send(form, picture), "image/jpeg", 0.92);
  });
});

function send(form: HTMLFormElement, picture: Blob) {
  const files = new DataTransfer();
  files.items.add(new File([picture], "frame.jpg", { type: "image/jpeg" }));
  form.querySelector<HTMLInputElement>("input[type=file]")!.files = files.files;
  form.requestSubmit();
}

// The finished video goes on where the first version of it was being watched.
let watchedAt = 0;
const preview = () => document.querySelector<HTMLVideoElement>("[data-preview]");
document.addEventListener("htmx:oobBeforeSwap", () => {
  const video = preview();
  watchedAt = video && !video.paused ? video.currentTime : 0;
});
document.addEventListener("htmx:oobAfterSwap", () => {
  const video = preview();
  if (!video || !watchedAt) return;
  video.currentTime = watchedAt;
  watchedAt = 0;
  void video.play();
});
