/**
 * Dead letters as lines of JSON, to keep in a file or send over a wire, and to read back.
 * @module
 */
import { EtlError } from "../errors.ts";
import { refuse } from "../options.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { decodeItem, encodeItem } from "./dead-letter-json.ts";
import { openWriter } from "./writer.ts";

/**
 * Writes dead letters to a stream of bytes, each as one line of JSON in UTF-8. A write settles when
 * that of its line does. To close or abort it closes or aborts `writable`, which it locks; whatever
 * `writable` fails with comes through.
 *
 * Items may be anything: what JSON lacks, such as a bigint, a `Date`, a `Map` or an `Error`, comes
 * back from `readDeadLetters`; what no text can hold, such as a function, becomes a note in words.
 *
 * @example One line for each letter
 * ```ts
 * import { etl, ndjsonDeadLetters } from "millrace";
 * import { match } from "node:assert/strict";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const text = new Response(readable).text(); // Or a file, or a request.
 * const letters = ndjsonDeadLetters(writable).getWriter();
 * await letters.write({
 *   item: { id: 7n },
 *   error: new Error("no name"),
 *   stage: "transform",
 *   attempts: 1,
 *   pipeline: "users",
 *   runId: "run-1",
 *   offset: 4,
 *   at: Date.now(),
 * });
 * await letters.close();
 * match(await text, /"message":"no name".*\n$/);
 * ```
 *
 * @throws {ConfigurationError} If `writable` is no stream, or one that somebody else writes to.
 */
export function ndjsonDeadLetters(
  writable: WritableStream<Uint8Array>,
): WritableStream<DeadLetter> {
  const writer = openWriter("write dead letters", "writable", writable);
  const encoder = new TextEncoder();
  return new WritableStream<DeadLetter>({
    async write(letter) {
      await writer.ready;
      await writer.write(encoder.encode(`${encodeItem(letter)}\n`));
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}

/**
 * Reads dead letters back from their lines of JSON: bytes in any pieces, `\n` or `\r\n`. Empty lines
 * are left out. To cancel it cancels `readable`, which it locks.
 *
 * A line that is no dead letter fails the stream with an `EtlError` that names it. After a crash this
 * may be the last one: the letters before it were read by then.
 *
 * @example From a line to a letter
 * ```ts
 * import { readDeadLetters } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const line = '{"item":7,"stage":"load","attempts":3,"error":"no","offset":4,"at":0}\n';
 * const letters = readDeadLetters(new Blob([line]).stream()).getReader();
 * const { value } = await letters.read();
 * equal(value?.offset, 4);
 * ```
 *
 * @throws {ConfigurationError} If `readable` is no stream, or one that somebody else reads.
 */
export function readDeadLetters<E = unknown>(
  readable: ReadableStream<Uint8Array>,
): ReadableStream<DeadLetter<E>> {
  if (!readable?.getReader || readable.locked) {
    const rule = "a ReadableStream that nobody else reads";
    refuse("read dead letters", "readable", rule, readable);
  }
  const reader = readable.getReader();
  reader.closed.catch(() => {}); // Reads tell.
  const decoder = new TextDecoder();
  let lines: string[] = []; // That are complete; the next one is the last.
  let rest = ""; // What there is of the line that is not complete.
  let number = 0;
  let isOver = false;
  return new ReadableStream<DeadLetter<E>>({
    async pull(output) {
      for (;;) {
        for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
          number++;
          if (line.trim() === "") continue;
          try {
            return output.enqueue(letterOf(line, number) as DeadLetter<E>);
          } catch (error) {
            reader.cancel(error).catch(() => {}); // Of two errors the first one is told.
            throw error;
          }
        }
        if (isOver) return output.close();
        const { done, value } = await reader.read();
        isOver = done;
        lines = (rest + decoder.decode(value, { stream: !done })).split("\n");
        rest = done ? "" : lines.pop()!;
        lines.reverse();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function letterOf(line: string, number: number): unknown {
  let cause: unknown;
  try {
    const letter = decodeItem(line);
    const { stage, attempts, offset } = Object(letter) as Partial<DeadLetter>;
    const isStage = stage === "transform" || stage === "load";
    if (isStage && Number.isSafeInteger(attempts) && Number.isSafeInteger(offset)) return letter;
  } catch (error) {
    cause = error;
  }
  throw new EtlError(`Cannot read line ${number} as it is no dead letter`, { cause });
}
