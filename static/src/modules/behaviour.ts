// Runs `enliven` once for each element matching, now and in every later fragment.
export function behaviour(selector: string, enliven: (element: HTMLElement) => void) {
  const seen = new WeakSet<HTMLElement>();
  const scan = (root: ParentNode) => {
    for (const element of root.querySelectorAll<HTMLElement>(selector)) {
      if (seen.has(element)) continue;
      seen.add(element);
      enliven(element);
    }
  };
  scan(document);
  document.addEventListener("htmx:load", (event) => {
    const part = event.target as HTMLElement;
    scan(part.parentElement ?? document);
  });
}

// Texts of the interface stand on <body data-text-…>, translated by the server.
export function text(name: string): string {
  return document.body.dataset[`text${name}`] ?? "";
}
