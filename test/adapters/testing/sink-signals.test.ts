import { describe, it } from "vitest";
import { testSink } from "../../../src/adapters/testing.ts";
import { HeldSink } from "../../support/sinks/held-sink.ts";

describe("testSink with a sink whose loads can wait", () => {
  testSink(it, { create: () => new HeldSink() });
});
