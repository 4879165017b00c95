// What a page held before each change, for its undo button.
export class Past<State> {
  private readonly earlier: State[] = [];

  constructor(private now: State) {}

  get isEmpty(): boolean {
    return this.earlier.length === 0;
  }

  // Whether anything is different from before.
  note(state: State): boolean {
    if (JSON.stringify(state) === JSON.stringify(this.now)) return false;
    this.earlier.push(this.now);
    this.now = state;
    return true;
  }

  back(): State | undefined {
    const state = this.earlier.pop();
    if (state !== undefined) this.now = state;
    return state;
  }
}

// Ctrl + Z, except where a text has an undo of its own.
export function onUndoKey(texts: string, undo: () => void) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
    if ((event.target as Element).matches(texts)) return;
    event.preventDefault();
    undo();
  });
}
