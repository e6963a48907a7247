import { describe } from "vitest";
import { testNatsCheckpoints } from "../../adapters/nats/checkpoint-store.cases.ts";
import { testNatsLetters } from "../../adapters/nats/dead-letters.cases.ts";
import { testNatsJobs } from "../../adapters/nats/job-store.cases.ts";
import { testNatsSink } from "../../adapters/nats/sink.cases.ts";
import { testNatsSource } from "../../adapters/nats/source.cases.ts";
import { natsBench } from "./bench.ts";
import { hasNatsServer } from "./server.ts";

/** Defines the tests of NATS, on a server of their own. */
export function testNats(): void {
  describe.skipIf(!hasNatsServer)("with a server of NATS", () => {
    const bench = natsBench();
    describe("NatsCheckpointStore", () => testNatsCheckpoints(bench));
    describe("natsSink()", () => testNatsSink(bench));
    describe("natsSource()", () => testNatsSource(bench));
    describe("natsDeadLetters()", () => testNatsLetters(bench));
    describe("natsJobStore()", () => testNatsJobs(bench));
  });
}
