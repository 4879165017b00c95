// [data-share]: the system's own sharing, else the address on the clipboard.
import { behaviour } from "../modules/behaviour";
import { toast } from "../modules/toasts";
import { record } from "./events";

async function share(button: HTMLElement) {
  const url = new URL(button.dataset.url ?? "", location.href).href;
  const token = button.closest<HTMLElement>("[data-clip]")?.dataset.token;
  record({ token, kind: "share" });
  if (navigator.share) {
    // Closing the system's sheet is an answer too, not a failure.
    await navigator.share({ url, title: button.dataset.title }).catch(() => undefined);
    return;
  }
  await navigator.clipboard.writeText(url);
  toast({ text: button.dataset.textCopied ?? "" });
}

behaviour("[data-share]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => void share(button));
});
