import { fail, nonNegative } from "../options.ts";
import type { Amount } from "../pipeline/amount.ts";
import type { RunOptions } from "../pipeline/run-options.ts";
import { isThenable } from "../runtime/thenable.ts";

type Total = RunOptions<never>["total"];

/**
 * Size of the source by the option `total`. A function that returns no promise is asked again at
 * every look: it may learn the number while the source is read. One that fails is not asked again.
 */
export class Expectation {
  readonly #controller = new AbortController();
  readonly #onFailure: (error: unknown) => void;
  #amount: Amount | undefined;

  /** Takes the option. */
  constructor(total: Total, onFailure: (error: unknown) => void) {
    this.#amount = typeof total === "object" ? total.bytes : total;
    this.#onFailure = onFailure;
  }

  /** The number, if it is known by now. */
  read(): number | undefined {
    const amount = this.#amount;
    if (typeof amount !== "function") return amount;
    const { signal } = this.#controller;
    try {
      const answer = amount({ signal });
      if (!isThenable(answer)) return checked(answer);
      this.#amount = undefined; // Until it answers.
      Promise.resolve(answer)
        .then((value) => void (this.#amount = checked(value)))
        .catch((error) => signal.aborted || this.#onFailure(error));
    } catch (error) {
      this.#amount = undefined;
      this.#onFailure(error);
    }
    return undefined;
  }

  /** Nobody waits for the number any more. */
  stop(reason?: unknown): void {
    this.#controller.abort(reason);
  }
}

function checked(answer: number | undefined): number | undefined {
  if (answer === undefined || nonNegative.test(answer)) return answer;
  return fail("run a pipeline", "total", "a function that returns a number of at least 0", answer);
}
