import { etl } from "millrace";
import { consumeQueue, type QueueBatch } from "millrace/cloudflare";
import { readNdjson } from "millrace/ndjson";
import { citiesSink, type City } from "./cities.ts";
import type { Env } from "./env.ts";

/** Sends each line of a request as a message: 100 per call, at most 256 kB together. */
export async function produce(request: Request, env: Env): Promise<Response> {
  const cities = etl({
    name: "produce",
    extract: () => readNdjson<City>(request, { maxRecordBytes: 2_000 }),
    load: async (batch) => void await env.QUEUE.sendBatch(batch.map((body) => ({ body }))),
  });
  const { loaded } = await cities.run({ batchSize: 100 });
  return Response.json({ sent: loaded }, { status: 202 });
}

/** Loads each message once. One that fails is redelivered, and finally stored as a dead letter. */
export async function consume(batch: QueueBatch<City>, env: Env): Promise<void> {
  const sink = await citiesSink(env.DB);
  const { acked, retried, error } = await consumeQueue(batch, {
    name: "consume",
    transform: ({ body }) => body,
    load: sink.load,
  }, {
    maxDeliveries: 3,
    deadLetters: sink.deadLetters(),
    retryDelay: (attempts) => attempts,
  });
  console.log({ acked, retried, error });
}
