import type { Display } from "./display.ts";
import type { ProgressPayload } from "./payload.ts";

/** A bar: the subset of the bars of `cli-progress` that is used. */
export interface ProgressBar {
  /** Starts to show the bar; a `total` of 0 means that it is unknown. */
  start(total: number, value: number, payload?: object): unknown;
  /** Shows a value. */
  update(value: number, payload?: object): unknown;
  /** Stops, and leaves the last value. */
  stop(): unknown;
  /** Changes the total, if the bar supports it. */
  setTotal?(total: number): unknown;
}

/** A group of bars: the subset of `MultiBar` of `cli-progress` that is used. */
export interface ProgressBars {
  /** Adds a bar, and starts to show it. */
  create(total: number, value: number, payload?: object): ProgressBar;
  /** Stops all bars. */
  stop(): unknown;
  /** `false` if nothing is shown: before the first bar, after `stop()`, and in a pipe. */
  readonly isActive?: boolean | undefined;
}

/** Shows a run in a bar. */
export class BarDisplay implements Display {
  readonly #bars: ProgressBars;
  #shown: { readonly bar: ProgressBar; total: number }[] | undefined;

  /** Stores the bars; a single bar is turned into a group. */
  constructor(bars: ProgressBar | ProgressBars) {
    this.#bars = isGroup(bars) ? bars : asGroup(bars);
  }

  draw(payloads: readonly ProgressPayload[]): void {
    if (this.#shown === undefined) return this.#start(payloads);
    for (const [index, payload] of payloads.entries()) this.#update(index, payload, payload.total);
  }

  end(payloads: readonly ProgressPayload[]): void {
    for (const [index, payload] of payloads.entries()) {
      // A run of which nobody knew the total has it now.
      const isComplete = payload.state === "completed";
      this.#update(index, payload, payload.total ?? (isComplete ? payload.done : undefined));
    }
    this.#stop();
  }

  abandon(): void {
    try {
      this.#stop();
    } catch {
      // That it throws has been told.
    }
  }

  #start(payloads: readonly ProgressPayload[]): void {
    this.#shown = [];
    for (const payload of payloads) {
      const total = payload.total ?? 0;
      this.#shown.push({ bar: this.#bars.create(total, payload.done, payload), total });
    }
  }

  #update(index: number, payload: ProgressPayload, expected: number | undefined): void {
    const shown = this.#shown?.[index];
    if (shown === undefined) return;
    const { bar } = shown;
    // More than were expected are more than all.
    const total = expected === undefined ? 0 : Math.max(expected, payload.done);
    if (total !== shown.total && bar.setTotal !== undefined) {
      bar.setTotal(total);
      shown.total = total;
    }
    bar.update(payload.done, payload);
  }

  /** A `MultiBar` that is stopped twice, or in a pipe, prints its bars once more. */
  #stop(): void {
    if (this.#bars.isActive !== false) this.#bars.stop();
  }
}

function isGroup(bars: ProgressBar | ProgressBars): bars is ProgressBars {
  return "create" in bars;
}

function asGroup(bar: ProgressBar): ProgressBars {
  return {
    create: (total, value, payload) => {
      bar.start(total, value, payload);
      return bar;
    },
    stop: () => bar.stop(),
  };
}
