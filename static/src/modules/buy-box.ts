// form[data-buy-box]: one question an option instead of one list of all variants.
// Without the script the list is there and works; here it is kept, unseen.
import { behaviour } from "./behaviour";

const SEPARATOR = "␟";

behaviour("form[data-buy-box]", (element) => {
  const form = element as HTMLFormElement;
  const variants = [...form.querySelectorAll<HTMLInputElement>("input[name=variant]")];
  const options = [...form.querySelectorAll<HTMLInputElement>("input[data-option]")];
  const list = form.querySelector<HTMLElement>("[data-buy-variants]");
  const questions = form.querySelector<HTMLElement>("[data-buy-options]");
  const valuesOf = (variant: HTMLInputElement) =>
    (variant.dataset.values ?? "").split(SEPARATOR);
  const count = new Set(options.map((input) => input.dataset.option)).size;
  const hasQuestions = questions !== null && list !== null && count > 1;

  function chosen(): HTMLInputElement | undefined {
    return variants.find((variant) => variant.checked);
  }

  function show() {
    const variant = chosen();
    if (!variant) return;
    const { price = "", was = "" } = variant.dataset;
    const priceElement = form.querySelector<HTMLElement>("[data-buy-price]");
    const wasElement = form.querySelector<HTMLElement>("[data-buy-was]");
    if (priceElement) {
      priceElement.textContent = price;
      priceElement.classList.toggle("price-now", was !== "");
    }
    if (wasElement) {
      wasElement.textContent = was;
      wasElement.hidden = was === "";
    }
    showStock(variant);
  }

  function showStock(variant: HTMLInputElement) {
    const { note = "", kind = "good", limit = "" } = variant.dataset;
    const most = Number(variant.dataset.most);
    const badge = form.querySelector("[data-buy-stock] .badge");
    const limitElement = form.querySelector("[data-buy-limit]");
    if (badge) {
      badge.className = `badge badge-${kind}`;
      badge.textContent = note;
    }
    if (limitElement) limitElement.textContent = limit;
    const quantity = form.querySelector<HTMLInputElement>("[data-buy-quantity]");
    if (quantity) {
      quantity.max = String(Math.max(most, 1));
      if (quantity.valueAsNumber > most) quantity.value = String(Math.max(most, 1));
    }
    for (const button of form.querySelectorAll<HTMLButtonElement>("[data-buy-button]")) {
      button.disabled = most === 0;
    }
  }

  // The variant that has the value just picked and most of what was picked before.
  function pick(place: number, value: string) {
    const before = chosen();
    const wanted = before ? valuesOf(before) : [];
    wanted[place] = value;
    const score = (variant: HTMLInputElement) =>
      valuesOf(variant).filter((v, index) => v === wanted[index]).length +
      (variant.disabled ? 0 : 0.5);
    const fitting = variants.filter((variant) => valuesOf(variant)[place] === value);
    fitting.sort((a, b) => score(b) - score(a));
    const best = fitting[0];
    if (!best) return;
    for (const variant of variants) variant.checked = variant === best;
    mark();
    show();
  }

  function mark() {
    const variant = chosen();
    if (!variant) return;
    const values = valuesOf(variant);
    for (const input of options) {
      const place = Number(input.dataset.option);
      input.checked = values[place] === input.value;
      const rest = variants.filter((other) =>
        valuesOf(other).every((v, index) => (index === place ? v === input.value : v === values[index])),
      );
      const isLeft = rest.some((other) => !other.disabled);
      input.closest("label")?.classList.toggle("is-sold-out", !isLeft);
    }
  }

  if (hasQuestions) {
    questions.hidden = false;
    list.hidden = true;
    for (const input of options) {
      input.addEventListener("change", () => pick(Number(input.dataset.option), input.value));
    }
    mark();
  }
  form.addEventListener("change", (event) => {
    if ((event.target as HTMLInputElement).name === "variant") show();
  });
  show();
});
