import { execFile } from "node:child_process";
import { env } from "node:process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { deno } from "../../scripts/runtimes.mjs";
import { OtlpReceiver } from "../support/otel/otlp-receiver.ts";

it("instrument() reaches the OpenTelemetry that is built into Deno", async () => {
  if (deno === undefined) throw new Error("Deno is not installed: run `npm ci`");
  const receiver = new OtlpReceiver();
  const variables = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.open(),
  };
  const program = ["run", "-q", "-A", "--no-lock", "test/node/programs/tells-otel.ts"];
  const { stdout } = await promisify(execFile)(deno, program, { env: { ...env, ...variables } });
  await receiver.close();
  expect(stdout).toBe("completed\n");

  const spans = receiver.spans.filter(({ name }) => name !== "POST"); // What Deno adds itself.
  const parentOf = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name;
  const tree = spans.map(({ name, parentSpanId }) => `${name} < ${parentOf(parentSpanId)}`);
  expect(tree.toSorted()).toEqual([
    "batch films < run films",
    "batch films < run films",
    "insert < load films",
    "insert < load films",
    "insert < load films",
    "load films < batch films",
    "load films < batch films",
    "load films < batch films",
    "run films < undefined",
  ]);
  const [failed, ...others] = spans.filter(({ status }) => status.code === 2);
  expect(others).toEqual([]);
  expect(failed).toMatchObject({ name: "load films", status: { message: "no" } });
  const [exception] = failed!.events;
  expect(exception!.name).toBe("exception");
  const facts = exception!.attributes.map(({ key, value }) => [key, value.stringValue]);
  expect(Object.fromEntries(facts)).toMatchObject({
    "exception.type": "RangeError",
    "exception.message": "no",
  });

  const units = receiver.metrics.map(({ name, unit }) => [name, unit]);
  expect(Object.fromEntries(units)).toMatchObject({
    "millrace.items": "{item}",
    "millrace.batches": "{batch}",
    "millrace.retries": "{retry}",
    "millrace.runs": "{run}",
    "millrace.in_flight": "{load}",
    "millrace.batch.duration": "s",
    "millrace.load.duration": "s",
    "millrace.run.duration": "s",
  });
  const items = receiver.metrics.find(({ name }) => name === "millrace.items");
  const [point] = items!.sum!.dataPoints;
  expect(Number(point!.asInt ?? point!.asDouble)).toBe(3);
}, 180_000);
