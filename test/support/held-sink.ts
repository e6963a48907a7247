import { MemorySink } from "./memory-sink.ts";

type Load = (
  rows: Parameters<MemorySink["load"]>[0],
  context: Parameters<MemorySink["load"]>[1] & { signal: AbortSignal },
) => Promise<void>;

/** A sink in memory whose loads can be made to wait. */
export class HeldSink extends MemorySink {
  held: Promise<void> = Promise.resolve();
  readonly hold = () => {
    let letGo!: () => void;
    this.held = new Promise((resolve) => (letGo = resolve));
    return letGo;
  };
  override readonly load = this.link(
    (async (rows, { runId, batch, signal }) => {
      await this.wait(signal);
      this.commit(rows, runId, batch);
    }) satisfies Load as unknown as MemorySink["load"],
  );

  async wait(signal: AbortSignal): Promise<void> {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Promise.race([this.held, aborted]);
    signal.throwIfAborted();
  }
}

/** Gives up, and writes later. */
export class LateSink extends HeldSink {
  override readonly load = this.link(
    ((rows, { runId, batch, signal }) =>
      Promise.race([
        this.held.then(() => this.commit(rows, runId, batch)),
        new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      ])) satisfies Load as unknown as MemorySink["load"],
  );
}

/** Says that it has failed, and has written. */
export class LyingSink extends HeldSink {
  override readonly load = this.link(
    (async (rows, { runId, batch, signal }) => {
      this.commit(rows, runId, batch);
      await this.wait(signal);
    }) satisfies Load as unknown as MemorySink["load"],
  );
}
