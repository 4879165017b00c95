// [data-passkey-problem]: says on the page why the browser made or used no passkey.
import { behaviour } from "./behaviour";

const REASONS: Record<string, string> = {
  NotAllowedError: "notAllowed",
  InvalidStateError: "invalidState",
  SecurityError: "security",
};

behaviour("[data-passkey-problem]", (problem) => {
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault(); // else it would only stand in the console
    const { exception } = (event as CustomEvent<{ exception: Error }>).detail;
    problem.textContent = problem.dataset[REASONS[exception.name] ?? "other"] ?? "";
    problem.hidden = false;
    problem.scrollIntoView({ block: "nearest" });
  });
});
