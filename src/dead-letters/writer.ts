import { fail } from "../options.ts";

/**
 * Locks a stream to write to it.
 * @throws {ConfigurationError} If it is no stream, or one that somebody else writes to.
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

/** Returns true for a `WritableStream`, of this realm or another. */
export function isWritableStream(value: unknown): boolean {
  return typeof (value as { getWriter?: unknown } | null | undefined)?.getWriter === "function";
}

/** Writes, close and abort tell what goes wrong; on some runtimes these do as well. */
export function silence({ ready, closed }: WritableStreamDefaultWriter): void {
  for (const told of [ready, closed]) told.catch(() => {});
}
