import { messageOf } from "../errors.ts";
import { malformedMark } from "./malformed-mark.ts";

/** An item that its source could not read. Only its fields and its mark are used. */
class Malformed extends Error {
  override readonly name = "Malformed" as const;
  readonly [malformedMark] = true;
  readonly raw: unknown;

  constructor(raw: unknown, cause: unknown) {
    super(messageOf(cause), { cause });
    this.raw = raw;
  }
}

/**
 * Represents an item that its source cannot read: a broken line, or a message that cannot be decoded. The
 * items around it are not affected. Its type is `never`, so that it can stand among items of any type.
 *
 * A run counts it as extracted, and never passes it to `transform`, `load`, `position`, `sizeOf` or
 * `flushWhen`. With dead letters, it becomes one of stage `"extract"`, whose `item` is `raw`. Without
 * them, the run fails in that stage, with `error` as cause, after the items before it are loaded. In
 * streams outside of a run, `error` is the error of the stream, after the items before it.
 *
 * @example One line of three is broken
 * ```ts
 * import { etl, malformed } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * function* parsed(lines: string[]) {
 *   for (const line of lines) {
 *     try {
 *       yield JSON.parse(line) as number;
 *     } catch (error) {
 *       yield malformed(line, error);
 *     }
 *   }
 * }
 * const loaded: number[] = [];
 * const broken: unknown[] = [];
 * const report = await etl({
 *   name: "lines",
 *   extract: () => parsed(["1", "{", "3"]),
 *   load: (rows) => void loaded.push(...rows),
 * }).run({ deadLetters: new WritableStream({ write: ({ item }) => void broken.push(item) }) });
 * deepEqual(loaded, [1, 3]);
 * deepEqual(broken, ["{"]);
 * equal(report.deadLettered, 1);
 * ```
 */
export function malformed(raw: unknown, error: unknown): never {
  return new Malformed(raw, error) as never;
}
