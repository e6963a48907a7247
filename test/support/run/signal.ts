/** A signal that lives long, and counts the listeners on it without leaving any of its own. */
export class LongSignal {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<unknown>();
  /** The signal to hand over. */
  readonly signal: AbortSignal = this.#controller.signal;
  /** How many listeners were ever put on. */
  added = 0;

  constructor() {
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: EventListener, options?: unknown) => {
      this.added++;
      this.#listeners.add(listener);
      add(type, listener, options as AddEventListenerOptions);
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      this.#listeners.delete(listener);
      remove(type, listener);
    };
  }

  /** How many listeners were not taken off again. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Aborts the signal. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }
}
