// Inside the Payment Element's frame: the card form and its talk with Stripe.js.
const form = document.querySelector("form");
const fields = {
  number: form.elements.number,
  expiry: form.elements.expiry,
  cvc: form.elements.cvc,
};
let port = null;
let key = "";

const digits = (text) => text.replace(/\D/g, "");

function passesLuhn(number) {
  let sum = 0;
  [...number].reverse().forEach((digit, place) => {
    const doubled = place % 2 ? digit * 2 : Number(digit);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
}

function isPast(month, year) {
  const now = new Date();
  return year * 12 + month < (now.getFullYear() % 100) * 12 + now.getMonth() + 1;
}

// What is wrong with each field, in Stripe's codes and words.
const checks = {
  number(value) {
    if (value.length < 14) return ["incomplete_number", "Your card number is incomplete."];
    return passesLuhn(value) ? null : ["invalid_number", "Your card number is invalid."];
  },
  expiry(value) {
    if (value.length < 4) {
      return ["incomplete_expiry", "Your card's expiration date is incomplete."];
    }
    const month = Number(value.slice(0, 2));
    if (month < 1 || month > 12) {
      return ["invalid_expiry_month", "Your card's expiration date is invalid."];
    }
    if (isPast(month, Number(value.slice(2)))) {
      return ["invalid_expiry_year_past", "Your card's expiration date is in the past."];
    }
    return null;
  },
  cvc(value) {
    if (value.length < 3) {
      return ["incomplete_cvc", "Your card's security code is incomplete."];
    }
    return null;
  },
};

function problemOf(name) {
  return checks[name](digits(fields[name].value));
}

function showProblem(name, problem) {
  const field = fields[name];
  const note = document.getElementById(`${name}-error`);
  note.textContent = problem ? problem[1] : "";
  field.setAttribute("aria-invalid", String(Boolean(problem)));
}

function firstProblem() {
  let first = null;
  for (const name of Object.keys(fields)) {
    const problem = problemOf(name);
    showProblem(name, problem);
    if (problem && !first) {
      first = problem;
      fields[name].focus();
    }
  }
  return first && { type: "validation_error", code: first[0], message: first[1] };
}

function formatted(name, value) {
  if (name === "number") return (value.slice(0, 19).match(/.{1,4}/g) || []).join(" ");
  if (name === "cvc") return value.slice(0, 4);
  const padded = /^[2-9]$/.test(value) ? `0${value}` : value.slice(0, 4);
  return padded.length > 2 ? `${padded.slice(0, 2)} / ${padded.slice(2)}` : padded;
}

function tellChange() {
  const isEmpty = Object.values(fields).every((field) => !field.value);
  const isComplete = Object.keys(fields).every((name) => !problemOf(name));
  const detail = { empty: isEmpty, complete: isComplete, collapsed: false, value: { type: "card" } };
  port?.postMessage({ event: "change", detail });
}

function brandOf(number) {
  if (number.startsWith("4")) return "Visa";
  if (/^5[1-5]/.test(number)) return "Mastercard";
  return /^3[47]/.test(number) ? "Amex" : "";
}

for (const [name, field] of Object.entries(fields)) {
  field.addEventListener("input", () => {
    field.value = formatted(name, digits(field.value));
    if (name === "number") {
      document.querySelector("[data-brand]").textContent = brandOf(digits(field.value));
    }
    showProblem(name, null);
    tellChange();
  });
  field.addEventListener("blur", () => field.value && showProblem(name, problemOf(name)));
  field.addEventListener("focus", () => port?.postMessage({ event: "focus" }));
}

for (const button of document.querySelectorAll("[data-number]")) {
  button.addEventListener("click", () => {
    fields.number.value = button.dataset.number;
    fields.expiry.value = `12${(new Date().getFullYear() + 3) % 100}`;
    fields.cvc.value = "123";
    for (const field of Object.values(fields)) field.dispatchEvent(new Event("input"));
  });
}

async function confirmIntent({ secret, billing }) {
  const error = firstProblem();
  if (error) return { error };
  const expiry = digits(fields.expiry.value);
  const body = new URLSearchParams({
    key,
    client_secret: secret,
    use_stripe_sdk: "true",
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": digits(fields.number.value),
    "payment_method_data[card][exp_month]": expiry.slice(0, 2),
    "payment_method_data[card][exp_year]": expiry.slice(2),
    "payment_method_data[card][cvc]": fields.cvc.value,
  });
  for (const name of ["name", "email", "phone"]) {
    if (billing?.[name]) {
      body.set(`payment_method_data[billing_details][${name}]`, billing[name]);
    }
  }
  const address = `/v1/payment_intents/${secret.split("_secret_")[0]}/confirm`;
  try {
    const answer = await fetch(address, { method: "POST", body });
    return await answer.json();
  } catch {
    const message = "We could not reach the payment service. Please try again.";
    return { error: { type: "api_connection_error", message } };
  }
}

const methods = {
  confirm: confirmIntent,
  focus: () => fields.number.focus(),
  submit() {
    const error = firstProblem();
    return error ? { error } : { selectedPaymentMethod: "card" };
  },
};

const VARIABLES = {
  colorPrimary: "--primary",
  colorBackground: "--background",
  colorText: "--text",
  colorTextSecondary: "--quiet",
  colorDanger: "--danger",
  borderRadius: "--radius",
  fontFamily: "--font",
};

function dress(appearance) {
  if (!appearance) return;
  document.documentElement.dataset.theme = appearance.theme || "stripe";
  for (const [name, property] of Object.entries(VARIABLES)) {
    const value = appearance.variables?.[name];
    if (value) document.documentElement.style.setProperty(property, value);
  }
}

function tellHeight() {
  port?.postMessage({ height: Math.ceil(document.body.scrollHeight) });
}

window.addEventListener("message", (event) => {
  if (event.data?.stripeSandbox !== "hello" || port) return;
  [port] = event.ports;
  key = event.data.key;
  dress(event.data.appearance);
  port.onmessage = async ({ data }) => {
    if (data.method) {
      port.postMessage({ id: data.id, result: await methods[data.method](data.params) });
    } else {
      dress(data.appearance);
    }
  };
  new ResizeObserver(tellHeight).observe(document.body);
  port.postMessage({ event: "ready" });
  tellHeight();
});

form.addEventListener("submit", (event) => event.preventDefault());
