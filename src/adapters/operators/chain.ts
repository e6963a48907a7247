import { firstMalformed } from "../../streams/malformed-mark.ts";
import { nextMacrotask, Yielder } from "../../runtime/macrotask.ts";
import { CallReader } from "./call-reader.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { type PendingCall, pushInto, type Stage } from "./stage.ts";

type AnyStage = Stage<unknown, unknown>;

/**
 * Leads the items of a reader through stages, array by array: in one go as long as there is nothing to
 * wait for. Once a call of a stage has given a promise, that stage reads what is before it by itself,
 * so that several calls may be in flight.
 */
export class Chain<O> implements ChunkReader<O> {
  #input: ChunkReader<unknown>;
  #stages: readonly AnyStage[];
  /** The next stage to be ended, where there is no more input for it. */
  #ending: number | undefined;
  #failure: { readonly error: unknown } | undefined; // To be told when all else is given.
  #released: Promise<void> | undefined; // The input was cancelled.
  #isOver = false;
  readonly #pace = new Yielder();

  /** Makes a chain; `ending` and `failure` are those of the chain that this is the beginning of. */
  constructor(
    input: ChunkReader<unknown>,
    stages: readonly AnyStage[],
    ending?: number,
    failure?: { readonly error: unknown },
  ) {
    this.#input = input;
    this.#stages = stages;
    this.#ending = ending;
    this.#failure = failure;
  }

  /** Puts a stage behind a reader: into its chain, if it is one. */
  static after<I, O>(input: ChunkReader<I>, stage: Stage<I, O>): Chain<O> {
    const added = stage as AnyStage;
    if (!(input instanceof Chain)) return new Chain(input, [added]);
    const joined = input.#stages.at(-1)?.and?.(added);
    return new Chain(
      input.#input,
      joined ? [...input.#stages.slice(0, -1), joined] : [...input.#stages, added],
    );
  }

  /** Returns the results of the next items. */
  next(most: number = Infinity): Answer<O> | Promise<Answer<O>> {
    for (;;) {
      if (this.#isOver) return undefined;
      if (this.#ending !== undefined) return this.#end();
      const wanted = this.#wanted(most);
      if (wanted === 0) { // A stage is done before it has had an item.
        this.#stop(this.#stages.findIndex(({ isDone }) => isDone));
        continue;
      }
      let items: Answer<unknown> | Promise<Answer<unknown>>;
      try {
        items = this.#input.next(wanted);
      } catch (error) {
        this.#fail(error);
        continue;
      }
      if (items instanceof Promise) return this.#later(items, most);
      const out = this.#take(items);
      if (out.length > 0) return out;
    }
  }

  /** Cancels the input. */
  cancel(reason: unknown): void | Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const stage of this.#stages) stage.abort?.(reason);
    return this.#ending === undefined ? this.#input.cancel(reason) : this.#released;
  }

  #later(items: Promise<Answer<unknown>>, most: number): Promise<Answer<O>> {
    return items.then((items) => {
      if (this.#isOver) return undefined;
      const out = this.#take(items);
      if (out.length > 0) return out;
      // Where nothing comes out for long, nobody else would have a turn.
      const isDue = this.#pace.isDue(items?.length || 1);
      return isDue ? nextMacrotask().then(() => this.next(most)) : this.next(most);
    }, (error) => {
      this.#fail(error);
      return this.next(most);
    });
  }

  /** Returns the number of items to read at once for this number of results. */
  #wanted(most: number): number {
    let wanted = most;
    for (let index = this.#stages.length - 1; index >= 0; index--) {
      wanted = this.#stages[index]!.most?.(wanted) ?? wanted;
    }
    return wanted;
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#ending = 0;
  }

  #take(items: Answer<unknown>): readonly O[] {
    if (items !== undefined) return this.#through(items, 0);
    this.#ending = 0;
    return [];
  }

  /** Ends one stage after the other, until something comes out of the last one. */
  #end(): Answer<O> | Promise<Answer<O>> {
    while (this.#ending! < this.#stages.length) {
      const index = this.#ending!++;
      const left: unknown[] = [];
      try {
        this.#stages[index]!.end?.(left);
      } catch (error) {
        this.#failure = { error };
      }
      const out = this.#through(left, index + 1);
      if (out.length > 0) return out;
      if (this.#ending === undefined) return this.next(); // There is a call to wait for.
    }
    this.#isOver = true;
    if (this.#failure === undefined && this.#released === undefined) return undefined;
    return this.#settle();
  }

  /** The end: once the input has let go, of what has failed first. */
  async #settle(): Promise<undefined> {
    const failure = this.#failure;
    if (failure === undefined) return await this.#released as undefined;
    await this.#released?.catch(() => {});
    throw failure.error;
  }

  /** Leads items through the stages from `first` on. */
  #through(items: readonly unknown[], first: number): readonly O[] {
    let given = items;
    let isClean: boolean | undefined;
    for (let index = first; index < this.#stages.length && given.length > 0; index++) {
      const stage = this.#stages[index]!;
      if (!stage.passesMalformed) isClean ??= firstMalformed(given) < 0;
      const out: unknown[] = [];
      try {
        const pending = pushInto(stage, given, out, isClean ?? true);
        if (pending !== undefined) {
          this.#split(index, given, pending);
          index = pending.after === undefined ? -1 : 0; // On with the stages that are left.
        }
      } catch (error) {
        this.#stop(index, { error });
      }
      if (stage.isDone) this.#stop(index);
      if (!stage.isSieve) isClean = undefined;
      given = out;
    }
    return given as readonly O[];
  }

  /** Takes no more items for the stages up to `index`, as it has failed or is done. */
  #stop(index: number, failure?: { readonly error: unknown }): void {
    // Whatever failed before this did so for a later item.
    this.#failure = failure;
    if (this.#ending === undefined) {
      const release = async () => this.#input.cancel(failure?.error);
      this.#released = release();
      this.#released.catch(() => {}); // Told at the end, if nothing else is.
    }
    // One that has failed may hold what was made of the items before.
    this.#ending = Math.max(this.#ending ?? 0, failure === undefined ? index + 1 : index);
  }

  /** Makes a stage read by itself, from the item on whose call has to be waited for. */
  #split(index: number, items: readonly unknown[], pending: PendingCall): void {
    const stages = this.#stages;
    const { item, result, calls, before, after } = pending;
    const input = new Chain(this.#input, stages.slice(0, index), this.#ending, this.#failure);
    input.#released = this.#released;
    const rest = items.slice(pending.index + 1);
    this.#input = before === undefined
      ? new CallReader(input, calls, [item, ...rest], result)
      : new CallReader(new Chain(readBefore(rest, input), [before]), calls, [item], result);
    this.#stages = [...(after === undefined ? [] : [after]), ...stages.slice(index + 1)];
    this.#ending = undefined;
    this.#failure = undefined;
    this.#released = undefined;
  }
}

/** A reader of items that were read already, and then of what is left. */
function readBefore<T>(items: readonly T[], left: ChunkReader<T>): ChunkReader<T> {
  let first: readonly T[] | undefined = items;
  return {
    next(most) {
      const given = first;
      first = undefined;
      return given ?? left.next(most);
    },
    cancel: (reason) => left.cancel(reason),
  };
}
