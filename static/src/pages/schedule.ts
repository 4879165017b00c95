// The time zone of the browser, where none is known yet; and what the time is here.
import { behaviour } from "../modules/behaviour";

behaviour("form[data-schedule]", (form) => {
  const at = form.querySelector<HTMLInputElement>("[name=at]")!;
  const zone = form.querySelector<HTMLSelectElement>("[name=zone]")!;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isListed = [...zone.options].some((option) => option.value === own);
  if ("guessZone" in form.dataset && isListed) zone.value = own;
  const here = form.querySelector<HTMLElement>("[data-here]")!;
  const show = () => {
    const moment = at.value && zone.value !== own ? momentIn(at.value, zone.value) : undefined;
    here.hidden = !moment;
    const look = { dateStyle: "full", timeStyle: "short" } as const;
    const language = document.documentElement.lang;
    here.textContent = moment ? `${here.dataset.text} ${moment.toLocaleString(language, look)}.` : "";
  };
  form.addEventListener("input", show);
  show();
});

// The moment at which the clocks of that zone show this; close enough near a change.
function momentIn(written: string, zone: string): Date {
  const asUtc = new Date(`${written}Z`);
  const shown = new Date(`${asUtc.toLocaleString("sv", { timeZone: zone }).replace(" ", "T")}Z`);
  return new Date(2 * asUtc.getTime() - shown.getTime());
}
