import type { ProgressPayload } from "./payload.ts";

/** Something that shows how far runs are. */
export interface Display {
  /** Shows the state of the runs, in their order. */
  draw(payloads: readonly ProgressPayload[]): void;
  /** Shows the last state of the runs, and frees what it holds. */
  end(payloads: readonly ProgressPayload[]): void;
  /** Frees what it holds after it has thrown; throws nothing. */
  abandon(): void;
}
