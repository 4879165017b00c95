// The payment step: Stripe's Payment Element, the pay button and the time left.
import { csrfToken } from "../modules/htmx";

interface StripeError {
  message?: string;
  type?: string;
}
interface PaymentElement {
  mount(place: HTMLElement): void;
  on(event: string, listener: () => void): void;
}
interface Elements {
  create(kind: "payment", options: object): PaymentElement;
  fetchUpdates(): Promise<{ error?: StripeError }>;
}
interface StripeClient {
  elements(options: object): Elements;
  confirmPayment(options: object): Promise<{ error?: StripeError }>;
}
declare global {
  interface Window {
    Stripe?: (key: string) => StripeClient;
  }
}

function find<T extends HTMLElement>(root: HTMLElement, selector: string): T {
  const found = root.querySelector<T>(selector);
  if (!found) throw new Error(`${selector} is missing`);
  return found;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const appearance = () => ({
  theme: "stripe",
  variables: {
    colorPrimary: colour("--petrol"),
    colorText: colour("--text"),
    colorTextSecondary: colour("--text-dim"),
    colorBackground: colour("--surface"),
    colorDanger: colour("--bad"),
    borderRadius: "12px",
    fontFamily: "system-ui, sans-serif",
  },
});

// What the buyer keeps at Stripe: cards to choose from, and whether this one is kept.
function keepCards(card: HTMLElement) {
  const keep = card.querySelector<HTMLElement>("[data-keep-card]");
  const box = keep?.querySelector<HTMLInputElement>("input");
  const element = find(card, "[data-payment-element]");
  const chosen = () =>
    card.querySelector<HTMLInputElement>("[data-saved-cards] input:checked")?.value ?? "";
  let isKept = box?.checked ?? false;

  const show = () => {
    element.hidden = Boolean(chosen());
    if (keep) keep.hidden = element.hidden;
  };
  card.querySelector("[data-saved-cards]")?.addEventListener("change", show);
  show();

  // The server tells Stripe, before the card itself is sent there.
  const tell = async () => {
    if (!keep || !box || box.checked === isKept) return true;
    const answer = await fetch(keep.dataset.keepCard ?? "", {
      method: "POST",
      headers: { "X-CSRFToken": csrfToken() },
      body: new URLSearchParams({ keep: box.checked ? "yes" : "" }),
    }).catch(() => null);
    if (!answer?.ok) return false;
    isKept = box.checked;
    return true;
  };
  return { chosen, tell };
}

function takePayment(card: HTMLElement) {
  const { stripeKey, clientSecret, returnUrl, name, email, textUnloaded, textFailed } =
    card.dataset;
  const button = find<HTMLButtonElement>(card, "[data-pay]");
  const problem = find(card, "[data-payment-error]");

  const say = (message: string) => {
    find(problem, "span").textContent = message;
    problem.hidden = !message;
  };
  const work = (isWorking: boolean) => {
    button.disabled = isWorking;
    button.ariaBusy = String(isWorking);
  };

  if (!window.Stripe || !stripeKey) {
    say(textUnloaded ?? "");
    return;
  }
  const stripe = window.Stripe(stripeKey);
  const elements = stripe.elements({ clientSecret, appearance: appearance() });
  const payment = elements.create("payment", {
    layout: "tabs",
    defaultValues: { billingDetails: { name, email } },
  });
  payment.on("ready", () => work(false));
  payment.on("change", () => say(""));
  payment.on("loaderror", () => say(textUnloaded ?? ""));
  payment.mount(find(card, "[data-payment-element]"));
  const kept = keepCards(card);
  // A hidden form need not be ready to be paid without it.
  if (kept.chosen()) work(false);

  // After a decline the same order and PaymentIntent are tried again.
  button.addEventListener("click", async () => {
    work(true);
    say("");
    const savedCard = kept.chosen();
    if (!savedCard) {
      const isTold = await kept.tell();
      const { error } = isTold ? await elements.fetchUpdates() : { error: {} as StripeError };
      if (error) {
        say(error.message ?? textFailed ?? "");
        work(false);
        return;
      }
    }
    const { error } = await stripe.confirmPayment(
      savedCard
        ? { clientSecret, confirmParams: { return_url: returnUrl, payment_method: savedCard } }
        : {
            elements,
            confirmParams: {
              return_url: returnUrl,
              payment_method_data: { billing_details: { name, email } },
            },
          },
    );
    // Reached only when something went wrong: else the browser is leaving.
    say(error?.message ?? textFailed ?? "");
    work(false);
  });
}

// How long the items are still kept; then the page offers to order again.
function countDown(card: HTMLElement) {
  const note = find(card, "[data-deadline]");
  const label = find(note, "span");
  const ends = Date.parse(note.dataset.deadline ?? "");
  const tick = () => {
    const seconds = Math.max(0, Math.round((ends - Date.now()) / 1000));
    // Longer than an hour: the server's words, which name the day, say it better.
    if (seconds < 3600) label.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const isWorking = find<HTMLButtonElement>(card, "[data-pay]").ariaBusy === "true";
    if (seconds > 0 || isWorking) return;
    clearInterval(timer);
    card.hidden = true;
    const expired = document.querySelector<HTMLElement>("[data-expired]");
    if (expired) expired.hidden = false;
  };
  const timer = setInterval(tick, 1000);
  tick();
}

const card = document.querySelector<HTMLElement>("[data-payment]");
if (card) {
  countDown(card);
  takePayment(card);
}

