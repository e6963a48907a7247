import type { SinkSuite } from "../../../src/adapters/testing.ts";
import type { Row } from "../../support/sinks/memory-sink.ts";
import { Gone, MemoryDeletes } from "../../support/sinks/memory-tables.ts";
import { testSinkPart } from "../../support/sinks/sink-mutants.ts";

/** How sinks of a class are made. */
function deletes(Sink: new () => MemoryDeletes): Partial<SinkSuite> {
  return { create: () => new Sink(), tombstone: (id) => new Gone(id) };
}

testSinkPart("tombstones", deletes(MemoryDeletes), [
  [
    "tombstones that do nothing",
    deletes(
      class extends MemoryDeletes {
        override remove(): void {}
      },
    ),
    ["deletes the row of a tombstone, in one commit with rows and mark"],
  ],
  [
    "a delete that is a commit of its own",
    deletes(
      class extends MemoryDeletes {
        override remove(draft: Map<number, Row>, id: number): void {
          this.table.delete(id);
          draft.delete(id);
        }
      },
    ),
    ["deletes nothing if a row of its batch is refused"],
  ],
  [
    "a delete that must find a row",
    deletes(
      class extends MemoryDeletes {
        override remove(draft: Map<number, Row>, id: number): void {
          if (!draft.delete(id)) throw new Error("There is no such row");
        }
      },
    ),
    ["takes a tombstone whose row is not there"],
  ],
  [
    "deletes before all rows",
    deletes(
      class extends MemoryDeletes {
        override insert(rows: Row[]): void {
          const isGone = (row: Row) => row instanceof Gone ? 0 : 1;
          super.insert([...rows].sort((a, b) => isGone(a) - isGone(b)));
        }
      },
    ),
    ["keeps the order of the rows and tombstones of a batch"],
  ],
  [
    "deletes after all rows",
    deletes(
      class extends MemoryDeletes {
        override insert(rows: Row[]): void {
          const isGone = (row: Row) => row instanceof Gone ? 1 : 0;
          super.insert([...rows].sort((a, b) => isGone(a) - isGone(b)));
        }
      },
    ),
    ["keeps the order of the rows and tombstones of a batch"],
  ],
]);
