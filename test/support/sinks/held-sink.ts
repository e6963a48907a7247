import { MemorySink } from "./memory-sink.ts";

type Sent = Parameters<MemorySink["send"]>;

/** A sink in memory whose loads can be made to wait. */
export class HeldSink extends MemorySink {
  held: Promise<void> = Promise.resolve();
  readonly hold = () => {
    let letGo!: () => void;
    this.held = new Promise((resolve) => (letGo = resolve));
    return letGo;
  };

  override async send(...[rows, context, isMarked]: Sent): Promise<void> {
    await this.wait(context.signal!);
    await super.send(rows, context, isMarked);
  }

  async wait(signal: AbortSignal): Promise<void> {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Promise.race([this.held, aborted]);
    signal.throwIfAborted();
  }
}

/** Gives up, and writes later. */
export class LateSink extends HeldSink {
  override async send(...[rows, context, isMarked]: Sent): Promise<void> {
    const { signal } = context;
    await Promise.race([
      this.held.then(() => MemorySink.prototype.send.call(this, rows, context, isMarked)),
      new Promise<never>((_, reject) => {
        signal!.addEventListener("abort", () => reject(signal!.reason));
      }),
    ]);
  }
}

/** Says that it has failed, and has written. */
export class LyingSink extends HeldSink {
  override async send(...[rows, context, isMarked]: Sent): Promise<void> {
    await MemorySink.prototype.send.call(this, rows, context, isMarked);
    await this.wait(context.signal!);
  }
}
