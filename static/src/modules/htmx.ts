import htmx from "htmx.org";
import { text } from "./behaviour";
import { toast } from "./toasts";

// The Content-Security-Policy forbids inline styles and eval.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.attributesToSettle = ["class", "width", "height"];
htmx.config.historyCacheSize = 0;
// 422 is a form with errors: it is shown like any other answer.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "422", swap: true },
  { code: "[45]..", swap: false, error: true },
];

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
}

document.addEventListener("htmx:configRequest", (event) => {
  (event as CustomEvent).detail.headers["X-CSRFToken"] = csrfToken();
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    // An answer may have said better what is wrong.
    const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    if (!xhr.getResponseHeader("HX-Trigger")) toast({ text: text("Failed"), kind: "error" });
  });
}

// What is gone meanwhile is not asked for again every few seconds.
document.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr } = (event as CustomEvent<{ elt: Element; xhr: XMLHttpRequest }>).detail;
  if (xhr.status !== 404 || !elt.matches("[hx-trigger^=every]")) return;
  for (const name of ["hx-get", "hx-trigger"]) elt.removeAttribute(name);
  htmx.process(elt);
});

export { htmx };
