/**
 * Calls `onAbort` when `signal` aborts, at once if it has, and gives what takes the listener off
 * again. Nothing of the library leaves a listener on a signal of the user.
 */
export function follow(
  signal: AbortSignal | undefined,
  onAbort: (reason: unknown) => void,
): () => void {
  const listen = () => onAbort(signal?.reason);
  if (signal?.aborted) listen();
  else signal?.addEventListener("abort", listen, { once: true });
  return () => signal?.removeEventListener("abort", listen);
}
