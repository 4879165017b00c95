// The sandbox's stand-in for Stripe.js: the same calls, a Payment Element that
// takes Stripe's test cards only, and no real money.
(() => {
  const origin = new URL(document.currentScript.src).origin;

  async function ask(path, key, params) {
    const query = new URLSearchParams({ key, ...params });
    const answer = await fetch(`${origin}${path}?${query}`);
    return answer.json();
  }

  function intentOf(clientSecret) {
    return clientSecret.split("_secret_")[0];
  }

  // One element: an iframe of the sandbox and a channel to it.
  class PaymentElement {
    constructor(key, settings, options) {
      this.key = key;
      this.settings = settings;
      this.options = options || {};
      this.listeners = {};
      this.waiting = new Map();
      this.lastId = 0;
    }

    mount(target) {
      const place =
        typeof target === "string" ? document.querySelector(target) : target;
      if (!place) throw new Error(`The selector you specified (${target}) applies to no DOM elements.`);
      this.frame = document.createElement("iframe");
      this.frame.src = `${origin}/elements/payment`;
      this.frame.title = "Secure payment input frame";
      this.frame.allow = "payment *";
      Object.assign(this.frame.style, {
        border: "0",
        width: "100%",
        height: "260px",
        display: "block",
        colorScheme: "normal",
      });
      this.frame.addEventListener("load", () => this.open());
      place.replaceChildren(this.frame);
    }

    open() {
      const channel = new MessageChannel();
      this.port = channel.port1;
      this.port.onmessage = ({ data }) => this.hear(data);
      const { appearance, amount, currency } = this.settings;
      const hello = { stripeSandbox: "hello", key: this.key, appearance, amount, currency };
      this.frame.contentWindow.postMessage(hello, origin, [channel.port2]);
    }

    hear(message) {
      if ("height" in message) {
        this.frame.style.height = `${message.height}px`;
      } else if (message.event) {
        const heard = this.listeners[message.event] || [];
        for (const listener of heard) listener({ elementType: "payment", ...message.detail });
      } else {
        this.waiting.get(message.id)(message.result);
        this.waiting.delete(message.id);
      }
    }

    // A question to the frame; it answers once.
    call(method, params) {
      if (!this.port) throw new Error("The Payment Element is not mounted.");
      const id = ++this.lastId;
      return new Promise((resolve) => {
        this.waiting.set(id, resolve);
        this.port.postMessage({ id, method, params });
      });
    }

    on(event, listener) {
      (this.listeners[event] ||= []).push(listener);
      return this;
    }

    off(event, listener) {
      const kept = (this.listeners[event] || []).filter((l) => listener && l !== listener);
      this.listeners[event] = kept;
      return this;
    }

    update(options) {
      Object.assign(this.options, options);
    }

    focus() {
      this.frame.focus();
      this.call("focus");
    }

    unmount() {
      this.frame?.remove();
      this.port = null;
    }

    destroy() {
      this.unmount();
    }
  }

  class Elements {
    constructor(key, settings) {
      this.key = key;
      this.settings = settings || {};
      this.element = null;
    }

    create(type, options) {
      if (type !== "payment") throw new Error(`The sandbox has no element "${type}".`);
      this.element = new PaymentElement(this.key, this.settings, options);
      return this.element;
    }

    getElement() {
      return this.element;
    }

    update(settings) {
      Object.assign(this.settings, settings);
      this.element?.port?.postMessage({ appearance: this.settings.appearance });
    }

    async fetchUpdates() {
      return {};
    }

    submit() {
      return this.element.call("submit");
    }
  }

  // The bank's page over the shop's page, until the buyer has answered.
  function showChallenge(address) {
    const overlay = document.createElement("div");
    overlay.setAttribute("role", "dialog");
    overlay.setAttribute("aria-modal", "true");
    overlay.setAttribute("aria-label", "3D Secure authentication");
    Object.assign(overlay.style, {
      position: "fixed",
      inset: "0",
      zIndex: "2147483647",
      background: "rgba(10, 14, 24, 0.6)",
      display: "grid",
      placeItems: "center",
      padding: "16px",
    });
    const frame = document.createElement("iframe");
    frame.src = address;
    frame.title = "3D Secure authentication";
    frame.name = "stripe-challenge-frame";
    Object.assign(frame.style, {
      border: "0",
      width: "min(420px, 100%)",
      height: "min(400px, 100%)",
      borderRadius: "16px",
      background: "#fff",
      boxShadow: "0 24px 64px rgba(0, 0, 0, 0.35)",
    });
    overlay.append(frame);
    document.body.append(overlay);
    frame.addEventListener("load", () => frame.focus());
    return new Promise((resolve) => {
      const listen = (event) => {
        if (event.origin !== new URL(address).origin) return;
        if (event.data?.stripeSandbox !== "challenge-done") return;
        window.removeEventListener("message", listen);
        overlay.remove();
        resolve();
      };
      window.addEventListener("message", listen);
    });
  }

  class StripeSandbox {
    constructor(key) {
      if (!key?.startsWith("pk_test_")) {
        throw new Error("The sandbox takes publishable test keys only (pk_test_…).");
      }
      this.key = key;
    }

    elements(settings) {
      return new Elements(this.key, settings);
    }

    async retrievePaymentIntent(clientSecret) {
      const path = `/v1/payment_intents/${intentOf(clientSecret)}`;
      const answer = await ask(path, this.key, { client_secret: clientSecret });
      return answer.error ? { error: answer.error } : { paymentIntent: answer };
    }

    async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect }) {
      const secret = clientSecret || elements.settings.clientSecret;
      const returnUrl = confirmParams.return_url;
      if (!returnUrl && redirect !== "if_required") {
        throw new Error("confirmPayment needs confirmParams.return_url.");
      }
      const billing = confirmParams.payment_method_data?.billing_details;
      const kept = confirmParams.payment_method;
      let answer = kept
        ? await this.confirmKept(kept, secret)
        : await elements.element.call("confirm", { secret, billing });
      if (answer.next_action) answer = await this.authenticate(answer, secret);
      if (answer.error) return { error: answer.error };
      if (redirect === "if_required") return { paymentIntent: answer };
      this.leave(returnUrl, answer);
      return new Promise(() => {}); // the page is being left
    }

    // A card that is kept for the customer: nothing is typed, so no element is asked.
    async confirmKept(paymentMethod, secret) {
      const body = new URLSearchParams({
        key: this.key,
        client_secret: secret,
        payment_method: paymentMethod,
        use_stripe_sdk: "true",
      });
      const address = `${origin}/v1/payment_intents/${intentOf(secret)}/confirm`;
      const answer = await fetch(address, { method: "POST", body });
      return answer.json();
    }

    async handleNextAction({ clientSecret }) {
      const { paymentIntent, error } = await this.retrievePaymentIntent(clientSecret);
      if (error || !paymentIntent.next_action) return { paymentIntent, error };
      const answer = await this.authenticate(paymentIntent, clientSecret);
      return answer.error ? { error: answer.error } : { paymentIntent: answer };
    }

    async authenticate(intent, secret) {
      await showChallenge(intent.next_action.use_stripe_sdk.stripe_js);
      const { paymentIntent, error } = await this.retrievePaymentIntent(secret);
      if (error) return { error };
      const failure = paymentIntent.last_payment_error;
      return failure ? { error: { ...failure, payment_intent: paymentIntent } } : paymentIntent;
    }

    leave(returnUrl, intent) {
      const address = new URL(returnUrl);
      address.searchParams.set("payment_intent", intent.id);
      address.searchParams.set("payment_intent_client_secret", intent.client_secret);
      address.searchParams.set("redirect_status", "succeeded");
      window.location.assign(address);
    }
  }

  window.Stripe = (key) => new StripeSandbox(key);
  window.Stripe.version = "sandbox";
})();
