import type { SinkSuite } from "../../../src/adapters/testing.ts";
import type { Row } from "../../support/sinks/memory-sink.ts";
import { MemoryWrites } from "../../support/sinks/memory-writes.ts";
import { testSinkPart } from "../../support/sinks/sink-mutants.ts";

/** How sinks of a class are made. */
function writes(Sink: typeof MemoryWrites): Partial<SinkSuite> {
  return { createWrite: (write) => new Sink(write) };
}

testSinkPart("functions", writes(MemoryWrites), [
  [
    "a function whose first rows count",
    writes(
      class extends MemoryWrites {
        override async written(rows: Row[]): Promise<Row[]> {
          return (await super.written(rows)).slice(0, rows.length);
        }
      },
    ),
    ["commits what its function writes and the mark together"],
  ],
  [
    "rows of a function that are a commit of their own",
    writes(
      class extends MemoryWrites {
        override async written(rows: Row[]): Promise<Row[]> {
          await this.own((rows) => this.insert([...rows]), rows);
          return [];
        }
      },
    ),
    ["commits nothing where its function has written and fails"],
  ],
  [
    "a function that is called again",
    writes(
      class extends MemoryWrites {
        override isFinished = () => false;
      },
    ),
    ["calls its function for no batch that is finished"],
  ],
]);
