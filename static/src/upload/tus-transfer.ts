// By tus to the site itself: goes on where it stopped, as often as need be.
import { DetailedError, Upload } from "tus-js-client";
import { csrfToken } from "../modules/htmx";
import { RETRY_MS, Transfer } from "./transfer";

const CHUNK_BYTES = 8 * 1024 * 1024;

export class TusTransfer extends Transfer {
  private tus: Upload | undefined;

  send(file: File) {
    this.startClock();
    this.tus = new Upload(file, {
      endpoint: this.endpoint,
      uploadUrl: this.url,
      metadata: { filename: file.name, filetype: file.type, ...this.more },
      headers: { "X-CSRFToken": csrfToken() },
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false, // the server's list is the truth
      onUploadUrlAvailable: () => this.remember(),
      onProgress: (bytes) => this.measure(bytes),
      onShouldRetry: (error) => this.retries(error),
      onError: (error) => this.fail(error),
      onSuccess: () => void this.finish(),
    });
    this.tus.start();
  }

  async pause() {
    await this.tus?.abort();
  }

  protected forget() {
    const headers = { "X-CSRFToken": csrfToken(), "Tus-Resumable": "1.0.0" };
    return fetch(this.url!, { method: "DELETE", headers });
  }

  private remember() {
    this.url = this.tus?.url ?? null;
    this.listener.named();
  }

  private retries(error: DetailedError): boolean {
    const status = error.originalResponse?.getStatus() ?? 0;
    const mayPass = status === 0 || status >= 500 || status === 409 || status === 423;
    if (mayPass) this.listener.stumbled();
    return mayPass;
  }

  private fail(error: Error | DetailedError) {
    const answer = error instanceof DetailedError ? error.originalResponse : null;
    const isPlain = answer?.getHeader("Content-Type")?.startsWith("text/plain");
    this.listener.failed((isPlain && answer?.getBody()) || undefined);
  }
}
