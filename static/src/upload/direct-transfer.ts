// Straight into the bucket, part by part, by addresses that the server signs.  Before
// each few parts, and after any failure, the server says anew which ones are missing.
import { RETRY_MS, Transfer } from "./transfer";

interface Part {
  start: number;
  end: number;
  url: string;
}

interface Progress {
  offset: number;
  parts: Part[];
}

class Refusal extends Error {}

export class DirectTransfer extends Transfer {
  private request: XMLHttpRequest | undefined;
  private beginning: Promise<void> | undefined;
  // Grows with each start and pause: what belongs to an older run stops.
  private run = 0;
  private failures = 0;

  send(file: File) {
    this.startClock();
    this.failures = 0;
    void this.work(file, ++this.run);
  }

  async pause() {
    this.run++;
    this.request?.abort();
    await this.beginning?.catch(() => undefined); // else it is begun twice
  }

  async bytesThere() {
    const answer = await this.ask("GET", `${this.url}parts/`).catch(() => undefined);
    return answer?.ok ? ((await answer.json()) as Progress).offset : undefined;
  }

  protected forget() {
    return this.ask("DELETE", `${this.url}parts/`);
  }

  private async work(file: File, run: number) {
    while (run === this.run) {
      try {
        if (await this.sendSome(file, run)) return;
      } catch (error) {
        if (run !== this.run) return;
        if (error instanceof Refusal) return this.listener.failed(error.message || undefined);
        const pause = RETRY_MS[this.failures++];
        if (pause === undefined) return this.listener.failed(undefined);
        this.listener.stumbled();
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  // True once nothing is left to do.
  private async sendSome(file: File, run: number): Promise<boolean> {
    if (!this.url) await (this.beginning = this.begin(file));
    if (run !== this.run) return true;
    const { offset, parts } = await said<Progress>(await this.post("parts/"));
    if (run !== this.run) return true;
    if (!parts.length) {
      this.listener.progressed(file.size, 0);
      await this.finish();
      return true;
    }
    let there = offset;
    for (const { start, end, url } of parts) {
      await this.put(url, file.slice(start, end), (bytes) => this.measure(Math.min(there + bytes, file.size - 1)));
      if (run !== this.run) return true;
      there += end - start;
      this.failures = 0;
    }
    return false;
  }

  private async begin(file: File) {
    const body = new FormData();
    body.append("name", file.name);
    body.append("length", String(file.size));
    for (const [name, value] of Object.entries(this.more)) body.append(name, value);
    this.url = (await said<{ url: string }>(await this.ask("POST", this.endpoint, body))).url;
    this.listener.named();
  }

  // fetch tells nothing of how far a body is.
  private put(url: string, part: Blob, progressed: (bytes: number) => void): Promise<void> {
    const request = (this.request = new XMLHttpRequest());
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`part: ${request.status}`));
      request.open("PUT", url);
      request.upload.addEventListener("progress", ({ loaded }) => progressed(loaded));
      request.addEventListener("load", () => (request.status === 200 ? resolve() : fail()));
      request.addEventListener("error", fail);
      request.addEventListener("abort", fail);
      request.send(part);
    });
  }
}

// What may pass is thrown as an error, what will not as a refusal with its words.
async function said<T>(answer: Response): Promise<T> {
  if (answer.status >= 500) throw new Error(`server: ${answer.status}`);
  if (answer.ok && answer.headers.get("Content-Type") === "application/json") return (await answer.json()) as T;
  const { errors } = (await answer.json().catch(() => ({}))) as { errors?: string[] };
  throw new Refusal(errors?.join(" "));
}
