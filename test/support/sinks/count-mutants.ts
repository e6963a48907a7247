import { type Checkpoint, sumOf } from "../../../src/checkpoints/checkpoint.ts";
import { MemorySink } from "./memory-sink.ts";

/** Sinks that tell wrongly, or not at all, what became of items; and the tests that find it. */
export const countMutants: [string, () => MemorySink, string[]][] = [
  ["a mark without counts", () =>
    new (class extends MemorySink {
      override mark(...[key, runId, { counts: _, ...rest }]: Parameters<MemorySink["mark"]>): void {
        super.mark(key, runId, rest);
      }
    })(), ["tells after a run that was stopped what became of all items"]],
  ["counts of what the run has written alone", () =>
    new (class extends MemorySink {
      override countsOf = (checkpoint: Checkpoint) => checkpoint.counts ?? sumOf();
    })(), ["commits what became of the items, beside what the run has written"]],
];
