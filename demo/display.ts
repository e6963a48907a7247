import type { WriteStream } from "node:tty";
import type { RunSnapshot } from "../src/index.ts";
import { show } from "./numbers.ts";

/** Tells how far the runs are: one line that is drawn again on a terminal, lines of text elsewhere. */
export class Display {
  readonly #output: WriteStream;
  readonly #snapshots = new Map<string, RunSnapshot>(); // The last of each pipeline.

  constructor(output: WriteStream) {
    this.#output = output;
    output.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error; // Who reads no more, as `head` does, ends no load.
    });
  }

  /** A line can be drawn again. */
  get isTerminal(): boolean {
    return this.#output.isTTY === true; // Elsewhere it is not `false` but undefined.
  }

  /** Takes a snapshot; made to be `onProgress`. */
  readonly update = (snapshot: RunSnapshot): void => {
    this.#snapshots.set(snapshot.name, snapshot);
    if (!this.isTerminal) return this.print(lineOf(snapshot));
    const line = [...this.#snapshots.values()].map(lineOf).join(" | ");
    // A line of the full width would wrap, and only its last part be drawn again. A terminal that
    // does not know its size says 0.
    this.#output.write(`\r${line.slice(0, (this.#output.columns || 80) - 1)}\x1b[K`);
  };

  /** Prints a text below what was there. */
  print(text: string): void {
    this.#output.write(this.isTerminal ? `\r\x1b[K${text}\n` : `${text}\n`);
  }
}

function lineOf({ name, state, loaded, skipped, duration }: RunSnapshot): string {
  const left = skipped > 0 ? `, ${show(skipped)} left out` : "";
  const speed = `${show(loaded / Math.max(duration, 1) * 1000)}/s`;
  return `${name}: ${show(loaded)} loaded${left}, ${state === "running" ? speed : state}`;
}
