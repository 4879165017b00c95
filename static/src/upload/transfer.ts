// One file on its way: what both ways of sending have in common.
import { csrfToken } from "../modules/htmx";

export const RETRY_MS = [0, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000];
// Of the speed that is shown, how much the newest second counts.
const NEWEST = 0.3;

export interface Outcome {
  state: "finished" | "duplicate";
  title: string;
  url: string;
}

export interface Listener {
  named(): void;
  progressed(bytes: number, bytesPerSecond: number): void;
  stumbled(): void;
  ended(outcome: Outcome): void;
  failed(words: string | undefined): void;
}

export abstract class Transfer {
  private speed = 0;
  private last = { at: 0, bytes: 0 };

  constructor(
    protected endpoint: string,
    public url: string | null,
    protected listener: Listener,
    protected more: Record<string, string> = {},
  ) {}

  abstract send(file: File): void;

  // Resolves once nothing is sent any more.
  abstract pause(): Promise<void>;

  // Forgets it on the server; 410 there says that it is gone already.
  protected abstract forget(): Promise<Response>;

  // How many bytes the server has, where its page may not know the newest.
  async bytesThere(): Promise<number | undefined> {
    return undefined;
  }

  async cancel() {
    await this.pause();
    if (!this.url) return;
    const answer = await this.forget();
    if (!answer.ok && answer.status !== 410) throw new Error(await answer.text());
  }

  // The server looks whether all is there and says what it has become.
  async finish(isWantedTwice = false) {
    const body = new FormData();
    if (isWantedTwice) body.append("twice", "1");
    try {
      const answer = await this.post("finish/", body);
      const said = (await answer.json()) as Outcome & { errors?: string[] };
      if (answer.ok) this.listener.ended(said);
      else this.listener.failed(said.errors?.join(" "));
    } catch {
      this.listener.failed(undefined); // the connection broke, or no JSON came
    }
  }

  post(page: string, body?: FormData): Promise<Response> {
    return this.ask("POST", `${this.url}${page}`, body);
  }

  protected ask(method: string, address: string, body?: FormData): Promise<Response> {
    return fetch(address, {
      method,
      body,
      headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
    });
  }

  protected startClock() {
    this.speed = 0;
    this.last.at = 0;
  }

  protected measure(bytes: number) {
    const now = performance.now();
    const seconds = (now - this.last.at) / 1000;
    if (this.last.at && seconds < 0.5) return;
    if (this.last.at && bytes >= this.last.bytes) {
      const current = (bytes - this.last.bytes) / seconds;
      this.speed = this.speed ? NEWEST * current + (1 - NEWEST) * this.speed : current;
    }
    this.last = { at: now, bytes };
    this.listener.progressed(bytes, this.speed);
  }
}
