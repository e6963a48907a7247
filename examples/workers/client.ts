/**
 * The client of a request: the body it sends, and whether it has disconnected early. In that
 * case either the signal aborts first or the body fails first, depending on the runtime.
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
