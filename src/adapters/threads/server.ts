import { isMany } from "../../streams/many-mark.ts";
import { skip } from "../../streams/skip.ts";
import { mapAll, type Outcome } from "./map-all.ts";
import type { Answer, Request } from "./messages.ts";
import type { ThreadFunction } from "./options.ts";
import { packError, whyNotCloneable } from "./packed-error.ts";
import type { ThreadPort } from "./thread-port.ts";

/** Returns the objects of results to move instead of copying. */
export type Transfer = (rows: readonly unknown[]) => object[];

/** Runs the function of a thread for what is sent to it, one request after the other. */
export class Server {
  readonly #port: ThreadPort;
  readonly #waiting: Request[] = [];
  #isBusy = false;
  #fn: ThreadFunction | undefined;
  #transfer: Transfer | undefined;

  /** Serves from now on, once there is a function. */
  constructor(port: ThreadPort) {
    this.#port = port;
    port.listen((request) => {
      this.#waiting.push(request);
      if (!this.#isBusy) void this.#work();
    });
  }

  /** Serves with this function: of several, the module that was asked for calls last. */
  use(fn: ThreadFunction, transfer: Transfer | undefined): void {
    const isFirst = this.#fn === undefined;
    this.#fn = fn;
    this.#transfer = transfer;
    if (isFirst) this.#port.post({ millrace: "ready" });
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let request; (request = this.#waiting.shift()) !== undefined;) {
      const { items, beat } = request;
      const answer = new Packed(items.length, beat, this.#port);
      const pending = mapAll(this.#fn!, items, answer);
      if (pending !== undefined) await pending; // Not where there is no promise: a hop for nothing.
      this.#send(answer.answer);
    }
    this.#isBusy = false;
  }

  #send(answer: Answer): void {
    try {
      this.#port.post(answer, this.#transfer?.(rowsOf(answer)));
    } catch (error) {
      this.#port.post(cloneableOf(answer, error));
    }
  }
}

/** The results of a request, so that they can be sent. */
class Packed implements Outcome {
  readonly answer: Answer;
  readonly next?: () => undefined;

  constructor(size: number, beat: number | undefined, port: ThreadPort) {
    this.answer = {
      millrace: "results",
      values: new Array<unknown>(size),
      skips: [],
      many: [],
      failures: [],
      uncloneable: [],
    };
    if (beat === undefined) return;
    let toldAt = performance.now();
    this.next = () => {
      const now = performance.now();
      if (now - toldAt < beat) return;
      toldAt = now;
      port.post({ millrace: "alive" });
    };
  }

  put(index: number, result: unknown): void {
    const { values, skips, many } = this.answer;
    if (result === skip) skips.push(index);
    else if (isMany(result)) many.push([index, result.of, result.rows]);
    else values[index] = result;
  }

  fail(index: number, error: unknown): void {
    this.answer.failures.push([index, packError(error)]);
  }
}

/** The rows that a transfer is asked for. */
function rowsOf({ values, skips, many, failures }: Answer): unknown[] {
  const none = new Set([...skips, ...[...many, ...failures].map(([index]) => index)]);
  const single = values.filter((_, index) => !none.has(index));
  return single.concat(...many.map(([, , rows]) => rows));
}

/** An answer without the results that cannot be cloned; which these are, and why. */
function cloneableOf(answer: Answer, error: unknown): Answer {
  const { values, skips, many, failures } = answer;
  const uncloneable: [number, string][] = [];
  const isSound = (index: number, result: unknown): boolean => {
    const why = whyNotCloneable(result);
    if (why !== undefined) uncloneable.push([index, why]);
    return why === undefined;
  };
  const sound = values.map((value, index) => isSound(index, value) ? value : undefined);
  const rest = many.filter(([index, , rows]) => isSound(index, rows));
  if (uncloneable.length > 0) return { ...answer, values: sound, many: rest, uncloneable };
  // Something that was to be moved cannot be, and nobody knows of which item it is.
  const told = new Set([...skips, ...failures.map(([index]) => index)]);
  const packed = packError(error);
  const lost = [...values.keys()].filter((index) => !told.has(index));
  return {
    ...answer,
    values: new Array<unknown>(values.length),
    many: [],
    failures: [...failures, ...lost.map((index) => [index, packed] as [number, typeof packed])],
  };
}
