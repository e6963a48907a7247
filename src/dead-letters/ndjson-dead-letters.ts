/**
 * Dead letters as lines of JSON, to store in a file or send over a network, and to read back.
 * @module
 */
import { EtlError } from "../errors.ts";
import { fail } from "../options.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { decodeItem, encodeLetter } from "./dead-letter-json.ts";
import { openWriter, silence } from "./writer.ts";

/**
 * Writes dead letters to a stream of bytes, each as one line of JSON in UTF-8. A write settles when its
 * line is written. Closing or aborting it closes or aborts `writable`, which is locked until then.
 * Errors of `writable` are passed on.
 *
 * Items may be anything. `readDeadLetters` restores values that JSON lacks: a bigint, a `Date`, bytes
 * of any kind, a `Map`, a `Set`, a `RegExp`, an `Error`, and objects that contain each other. Values
 * without a text form become a note in words, such as a function, a `Blob` or the 401st level. So does
 * the rest of an item, a row or an error beyond 64 Mi characters of text.
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
 * @throws {ConfigurationError} If `writable` is not a stream, or is locked by another writer.
 */
export function ndjsonDeadLetters(
  writable: WritableStream<Uint8Array>,
): WritableStream<DeadLetter> {
  const writer = openWriter("write dead letters", "writable", writable);
  const encoder = new TextEncoder();
  const release = () => {
    writer.releaseLock();
    silence(writer);
  };
  return new WritableStream<DeadLetter>({
    async write(letter) {
      try {
        await writer.ready;
        await writer.write(encoder.encode(`${encodeLetter(letter)}\n`));
      } catch (error) {
        release(); // Nothing of this stream is called after a failed write.
        throw error;
      }
    },
    close: () => writer.close().finally(release),
    abort: (reason) => writer.abort(reason).finally(release),
  });
}

/**
 * Reads dead letters from their lines of JSON: bytes in any pieces, `\n` or `\r\n`. Empty lines are
 * skipped. Cancelling it cancels `readable`, which is locked until this stream has ended.
 *
 * A line that is not a dead letter fails the stream with an `EtlError` that names it. After a crash,
 * this may be the last line; the letters before it were read by then.
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
 * @throws {ConfigurationError} If `readable` is not a stream, or is locked by another reader.
 */
export function readDeadLetters<E = unknown>(
  readable: ReadableStream<Uint8Array>,
): ReadableStream<DeadLetter<E>> {
  if (!readable?.getReader || readable.locked) {
    const rule = "an unlocked ReadableStream";
    fail("read dead letters", "readable", rule, readable);
  }
  const reader = readable.getReader();
  const release = () => {
    reader.releaseLock();
    reader.closed.catch(() => {});
  };
  reader.closed.catch(() => {}); // Reads report it.
  const lines = linesOf(reader);
  let number = 0;
  return new ReadableStream<DeadLetter<E>>({
    async pull(output) {
      try {
        for (;;) {
          const line = await lines();
          if (line === undefined) break;
          number++;
          if (/\S/.test(line)) return output.enqueue(letterOf(line, number) as DeadLetter<E>);
        }
        output.close();
      } catch (error) {
        reader.cancel(error).catch(() => {}); // The first of two errors is reported.
        release();
        throw error;
      }
      release();
    },
    cancel: (reason) => reader.cancel(reason).finally(release),
  }, { highWaterMark: 0 });
}

/**
 * Returns a function that yields one line after the other, then `undefined`. Each byte is read once, in
 * however many pieces a line arrives.
 */
function linesOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): () => Promise<string | undefined> {
  const decoder = new TextDecoder();
  let lines: string[] = []; // Complete lines; the next one is the last.
  let pieces: string[] = []; // Of the incomplete line.
  let isOver = false;
  return async () => {
    while (lines.length === 0 && !isOver) {
      const { done, value } = await reader.read();
      isOver = done;
      const parts = decoder.decode(value, { stream: !done }).split("\n");
      if (parts.length > 1 || done) {
        parts[0] = pieces.join("") + parts[0];
        pieces = [];
      }
      if (!done) pieces.push(parts.pop()!);
      lines = parts.reverse();
    }
    return lines.pop();
  };
}

function letterOf(line: string, number: number): unknown {
  let cause: unknown;
  try {
    const letter = decodeItem(line);
    const { stage, attempts, offset } = Object(letter) as Partial<DeadLetter>;
    const isStage = stage === "extract" || stage === "transform" || stage === "load";
    if (isStage && Number.isSafeInteger(attempts) && Number.isSafeInteger(offset)) return letter;
  } catch (error) {
    cause = error;
  }
  throw new EtlError(`Cannot read line ${number} as it is not a dead letter`, { cause });
}
