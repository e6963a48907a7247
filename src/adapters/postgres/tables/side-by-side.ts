const maxCalls = 4; // Connections that are asked at once: those of the workers, about.

/**
 * Makes a call for each value, a few at a time, and returns the results in order. Waits for all calls
 * that started; of several failures, the first in that order is thrown.
 */
export async function sideBySide<T, R>(
  values: readonly T[],
  call: (value: T, place: number) => Promise<R>,
): Promise<R[]> {
  const results: PromiseSettledResult<R>[] = [];
  for (let n = 0; n < values.length; n += maxCalls) {
    const some = values.slice(n, n + maxCalls).map((value, k) => call(value, n + k));
    results.push(...await Promise.allSettled(some));
  }
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
