// The payment step: Stripe's Payment Element, the pay button and the time left.

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

  // After a decline the same order and PaymentIntent are tried again.
  button.addEventListener("click", async () => {
    work(true);
    say("");
    const { error } = await stripe.confirmPayment({
      elements,
      confirmParams: {
        return_url: returnUrl,
        payment_method_data: { billing_details: { name, email } },
      },
    });
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

export {};
