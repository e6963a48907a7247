/**
 * Calls `onAbort` when `signal` aborts, at once if it has, and gives what takes the listener off
 * again. Nothing of the library leaves a listener on a signal of the user.
 */
export function onAbort(
  signal: AbortSignal | undefined,
  listener: (reason: unknown) => void,
): () => void {
  const listen = () => listener(signal?.reason);
  if (signal?.aborted) listen();
  else signal?.addEventListener("abort", listen, { once: true });
  return () => signal?.removeEventListener("abort", listen);
}
