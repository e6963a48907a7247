/** A signal of the user that knows how many listeners are on it. */
export class CountedSignal {
  readonly #controller = new AbortController();
  readonly #listeners: unknown[] = [];
  /** The signal to hand over. */
  readonly signal: AbortSignal = this.#controller.signal;
  /** How many listeners were ever put on. */
  added = 0;

  constructor() {
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    const forget = (listener: unknown) => {
      const index = this.#listeners.indexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
    signal.addEventListener = (type: string, listener: EventListener, options?: unknown) => {
      this.added++;
      this.#listeners.push(listener);
      add(type, listener, options as AddEventListenerOptions);
      // The platform takes such a listener off by itself.
      const isOnce = typeof options === "object" && (options as AddEventListenerOptions).once;
      if (isOnce) add(type, () => forget(listener), { once: true });
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      forget(listener);
      remove(type, listener);
    };
  }

  /** How many listeners are on it now. */
  get listeners(): number {
    return this.#listeners.length;
  }

  /** Aborts the signal. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }
}
