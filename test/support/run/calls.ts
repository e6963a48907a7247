import type { CallContext } from "../../../src/streams/call-sink.ts";

/** One call that a stage has made. */
export interface Call<I, O> extends CallContext {
  readonly item: I;
  resolve(result: O): void;
  reject(error: unknown): void;
}

/** A callback whose calls run until the test ends them, and who counts them. */
export class Calls<I, O = I> {
  /** All calls, in the order in which they began. */
  readonly begun: Call<I, O>[] = [];
  /** Calls that run now. */
  running = 0;
  /** The most that ever ran at once. */
  most = 0;

  /** The callback to hand over. */
  readonly run = (item: I, context: CallContext): Promise<O> => {
    this.most = Math.max(this.most, ++this.running);
    const ended = Promise.withResolvers<O>();
    const end = <V>(settle: (value: V) => void) => (value: V) => {
      this.running--;
      settle(value);
    };
    this.begun.push({ item, ...context, resolve: end(ended.resolve), reject: end(ended.reject) });
    return ended.promise;
  };

  /** The items of the calls, in the order in which they began. */
  get items(): I[] {
    return this.begun.map(({ item }) => item);
  }
}
