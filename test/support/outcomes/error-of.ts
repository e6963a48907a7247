/** The error that a promise rejects with; it is a failure of the test if it does not. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`not rejected but fulfilled with ${JSON.stringify(value)}`);
}
