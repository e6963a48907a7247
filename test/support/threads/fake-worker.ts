import type { Request } from "../../../src/adapters/threads/messages.ts";

/** A `Worker` of the web that does nothing by itself: a test says what it answers. */
export class FakeWorker {
  readonly requests: Request[] = [];
  isTerminated = false;
  readonly #listeners: Map<string, (event: object) => void> = new Map();

  postMessage(message: unknown): void {
    this.requests.push(message as Request);
  }

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.#listeners.delete(type);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** Says something, as the module of a thread does. */
  say(millrace: string, more: object = {}): void {
    this.#listeners.get("message")?.({ data: { millrace, ...more } });
  }

  /** Answers the first of the requests that it has: each item with itself. */
  answer(): void {
    const { items } = this.requests.shift()!;
    const none = { skips: [], many: [], failures: [], uncloneable: [] };
    this.say("results", { values: [...items], ...none });
  }
}
