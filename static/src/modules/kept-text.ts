// A form with <template data-kept-text>: what was typed comes back if it was sent when
// nobody was signed in any more.  It stays in this tab, for this account, for a day.
interface Field {
  name: string;
  value: string;
  // Of what is ticked or chosen.
  isOn?: boolean;
}

interface Kept {
  account: string;
  page: string;
  form: number;
  fields: Field[];
  hasFiles: boolean;
  at: number;
  // The site did not take it: it asked to sign in, or said that the page is too old.
  isLost: boolean;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const NAME = "kept-text";
const KEPT_MS = 24 * 60 * 60 * 1000;
const NEVER_KEPT = ["hidden", "password", "file", "submit", "button", "reset", "image"];

const account = document.body.dataset.account ?? "";
const page = location.pathname + location.search;

function read(): Kept | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(NAME) ?? "null") ?? undefined;
  } catch {
    // Storage can be forbidden; then there is nothing to bring back.
    return undefined;
  }
}

function write(kept: Kept) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    return;
  }
}

function forget() {
  if (read()) sessionStorage.removeItem(NAME);
}

const marker = (form: Element) => form.querySelector<HTMLTemplateElement>("template[data-kept-text]");
const keepingForms = () => [...document.forms].filter(marker);

function isKept(element: Element): element is Control {
  const { name, type, autocomplete } = element as HTMLInputElement;
  return !!name && !NEVER_KEPT.includes(type) && !/^cc-|password|one-time/.test(autocomplete ?? "");
}

const controls = (form: HTMLFormElement) => [...form.elements].filter(isKept);

function fieldsOf(control: Control): Field[] {
  const { name, value } = control;
  if (control instanceof HTMLSelectElement) {
    return [...control.options].map((option) => ({ name, value: option.value, isOn: option.selected }));
  }
  const isTicked = control.type === "checkbox" || control.type === "radio";
  return [isTicked ? { name, value, isOn: (control as HTMLInputElement).checked } : { name, value }];
}

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || !account || !marker(form)) return;
  write({
    account,
    page,
    form: keepingForms().indexOf(form),
    fields: controls(form).flatMap(fieldsOf),
    hasFiles: [...form.elements].some((element) => !!(element as HTMLInputElement).files?.length),
    at: Date.now(),
    isLost: false,
  });
});

// Whether anything is different from before.
function fill(control: Control, fields: Field[]): boolean {
  const before = JSON.stringify(fieldsOf(control));
  const mine = fields.filter(({ name }) => name === control.name);
  for (const { value, isOn } of mine) {
    if (control instanceof HTMLSelectElement) {
      const option = [...control.options].find((option) => option.value === value);
      if (option) option.selected = isOn === true;
    } else if (isOn === undefined) {
      control.value = value;
    } else if (control.value === value) {
      (control as HTMLInputElement).checked = isOn;
    }
  }
  return JSON.stringify(fieldsOf(control)) !== before;
}

function restore(form: HTMLFormElement, { fields, hasFiles }: Kept) {
  // Rows that only a script makes: some make them now, some follow what is typed.
  form.dispatchEvent(new CustomEvent<Field[]>(NAME, { detail: fields }));
  for (let round = 0; round < 2; round++) {
    for (const control of controls(form).filter((control) => fill(control, fields))) {
      for (let around = control.closest("details"); around; ) {
        around.open = true;
        around = around.parentElement?.closest("details") ?? null;
      }
      for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
    }
  }
  tell(form, hasFiles);
}

function tell(form: HTMLFormElement, hasFiles: boolean) {
  const region = document.createElement("div");
  region.role = "status";
  const template = marker(form)!;
  template.before(region);
  region.append(template.content.cloneNode(true));
  region.querySelector<HTMLElement>("[data-had-files]")!.hidden = !hasFiles;
  region.querySelector("button")!.addEventListener("click", () => {
    forget();
    form.reset();
    location.reload();
  });
  region.querySelector<HTMLElement>("[tabindex]")!.focus();
}

// After the scripts of the page, which listen to their fields by then.
document.addEventListener("DOMContentLoaded", () => {
  const kept = read();
  if (!kept) return;
  const isOthers = account && account !== kept.account;
  if (isOthers || Date.now() - kept.at > KEPT_MS) return forget();
  if (!account || document.querySelector("[data-not-taken]")) return write({ ...kept, isLost: true });
  // Taken, or shown again with what is wrong.
  if (!kept.isLost) return forget();
  const form = keepingForms()[kept.form];
  if (kept.page === page && form) restore(form, kept);
});
