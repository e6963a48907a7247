/**
 * The client of a request: the body that it sends, and whether it has left before the end. Runtimes
 * differ in what comes first then: the signal aborts, or the body fails.
 */
export function clientOf({ body, signal }: Request) {
  let hasFailed = false;
  const reader = body?.getReader();
  const watched = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done = true, value } = await reader?.read() ?? {};
        if (done) controller.close();
        else controller.enqueue(value!);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    },
    cancel: (reason) => reader?.cancel(reason),
  }, { highWaterMark: 0 });
  return { body: watched, hasLeft: () => hasFailed || signal.aborted };
}
