import { fail } from "../options.ts";

/**
 * Locks a stream to write to it.
 * @throws {ConfigurationError} If it is not a stream, or is locked by another writer.
 */
export function openWriter<T>(
  action: string,
  name: string,
  stream: WritableStream<T>,
): WritableStreamDefaultWriter<T> {
  if (!isWritableStream(stream) || stream.locked) {
    fail(action, name, "an unlocked WritableStream", stream);
  }
  const writer = stream.getWriter();
  silence(writer);
  return writer;
}

/** Returns true for a `WritableStream`, from any realm. */
export function isWritableStream(value: unknown): boolean {
  return typeof (value as { getWriter?: unknown } | null | undefined)?.getWriter === "function";
}

/** Ignores rejections of `ready` and `closed`, as writes, close and abort report the same errors. */
export function silence({ ready, closed }: WritableStreamDefaultWriter): void {
  for (const told of [ready, closed]) told.catch(() => {});
}
