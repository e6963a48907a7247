/**
 * An answer whose body is read at once. In workerd and in browsers that of a real one takes a turn of
 * the event loop, which no fake clock gives.
 */
export function quickResponse(text: string, init?: ResponseInit): Response {
  const response = new Response(text, init);
  const body = { text: async () => text, json: async () => JSON.parse(text) as unknown };
  return Object.assign(response, body);
}
