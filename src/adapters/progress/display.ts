import type { ProgressPayload } from "./payload.ts";

/** Something that shows how far runs are. */
export interface Display {
  /** Shows the state of the runs, in their order. */
  draw(payloads: readonly ProgressPayload[]): void;
  /** Shows the final state of the runs, and releases its resources. */
  end(payloads: readonly ProgressPayload[]): void;
  /** Releases its resources after an error; never throws. */
  abandon(): void;
}
