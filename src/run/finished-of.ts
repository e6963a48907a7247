/** Starts something and returns its promise; what `start` throws rejects one that needs no handler. */
export function finishedOf<R>(start: () => { readonly finished: Promise<R> }): Promise<R> {
  try {
    return start().finished;
  } catch (error) {
    const refused = Promise.reject<R>(error);
    refused.catch(() => {}); // As for every promise of a run.
    return refused;
  }
}
