import type { QueueMessage } from "../../../src/adapters/cloudflare.ts";

/** Messages that note what they are told: `"a ack"`, `"b retry 2"`. */
export function toldMessages<Body>(
  bodies: Readonly<Record<string, Body>>,
  attempts = 1,
): { readonly messages: QueueMessage<Body>[]; readonly told: string[] } {
  const told: string[] = [];
  const messages = Object.entries(bodies).map(([id, body]): QueueMessage<Body> => ({
    ...{ id, body, attempts },
    ack: () => void told.push(`${id} ack`),
    retry: ({ delaySeconds } = {}) => void told.push(`${id} retry ${delaySeconds}`),
  }));
  return { messages, told };
}
