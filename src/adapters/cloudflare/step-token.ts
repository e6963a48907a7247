import {
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { fail, nonEmptyString } from "../../options.ts";

/** Maximum bytes of a token. */
const maxBytes = 4096;

/** Keeps the checkpoint of one key for one step. At the end of the step, it goes into the token. */
export class StepStore implements CheckpointStore {
  readonly #action: string;
  readonly #key: string;
  #checkpoint: Checkpoint | undefined;

  /**
   * Makes a store with the checkpoint in the token of the previous step.
   * @throws {ConfigurationError} If it is not a token of this key.
   */
  constructor(action: string, key: string, token: string | undefined) {
    this.#action = action;
    this.#key = key;
    this.#checkpoint = token === undefined ? undefined : this.#parsed(token);
  }

  /** Token for the next step: text of JSON. */
  get token(): string {
    return this.#tokenOf(this.#checkpoint ?? blankCheckpoint);
  }

  /** Returns the checkpoint of the finished items. */
  read(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  /**
   * Stores the checkpoint.
   * @throws {ConfigurationError} If its position is too large for a token. It throws at the first batch,
   *   not at the end of the step, whose work would be lost.
   */
  write(_: string, { unmarked: _unmarked, ...checkpoint }: Checkpoint): void {
    this.#tokenOf({ ...checkpoint, done: [] }); // At the end of a step there is nothing else.
    this.#checkpoint = checkpoint;
  }

  #tokenOf(checkpoint: Checkpoint): string {
    const token = JSON.stringify({
      key: this.#key,
      ...JSON.parse(encodeCheckpoint(checkpoint)) as object,
    });
    const { length } = new TextEncoder().encode(token);
    if (length <= maxBytes) return token;
    const rule = `small enough for a token of ${maxBytes} bytes (or keep it in a store, by ` +
      "'checkpoints')";
    fail(this.#action, "position", rule, `${length} bytes with it`);
  }

  #parsed(token: string): Checkpoint {
    const isToken = nonEmptyString.test(token) && token.length <= maxBytes;
    try {
      if (isToken) {
        const { key, ...checkpoint } = JSON.parse(token) as { key: unknown };
        if (key === this.#key) return checkCheckpoint(this.#key, checkpoint);
      }
    } catch {
      // What is wrong with it is no use to whoever has sent it.
    }
    fail(this.#action, "token", "a token returned by a step of this pipeline", token);
  }
}
