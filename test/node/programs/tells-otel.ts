// Runs a pipeline whose second load fails at first, with the OpenTelemetry that is built into Deno.
import * as api from "@opentelemetry/api";
import { etl } from "../../../src/index.ts";
import { instrument } from "../../../src/adapters/otel.ts";

const films = etl<number>({
  name: "films",
  extract: () => [1, 2, 3],
  load: async (rows, { batch }) => {
    await undefined;
    api.trace.getTracer("mine").startSpan("insert").end();
    if (rows.includes(3) && batch.attempt === 1) throw new RangeError("no");
  },
});
const retry = { maxAttempts: 2, baseDelay: 1, maxDelay: 1 };
const { outcome } = await instrument(films, { api }).run({ batchSize: 2, workers: 2, retry });
console.log(outcome);
