import type {
  SinkSuite,
  TestedTables,
  TestedTablesSettings,
} from "../../../src/adapters/testing.ts";
import type { MemorySink, Row } from "../../support/sinks/memory-sink.ts";
import {
  type Child,
  Gone,
  MemoryTables,
  type Tables,
  type Tree,
} from "../../support/sinks/memory-tables.ts";
import { testSinkPart } from "../../support/sinks/sink-mutants.ts";

type Commit = Parameters<MemorySink["commit"]>;

/** How sinks of a class are made. */
function tables(Sink: new (settings: TestedTablesSettings) => MemoryTables): Partial<SinkSuite> {
  return {
    tombstone: (id) => new Gone(id),
    createTables: (settings) => new Sink(settings) as unknown as TestedTables,
  };
}

testSinkPart("several tables", tables(MemoryTables), [
  [
    "a mark without rows",
    tables(
      class extends MemoryTables {
        override insert(): void {}
      },
    ),
    ["commits the rows of all tables and the mark together"],
  ],
  [
    "rows of a table that are left out",
    tables(
      class extends MemoryTables {
        override order(): ("parent" | "child")[] {
          return ["parent"];
        }
      },
    ),
    ["commits the rows of all tables and the mark together"],
  ],
  [
    "a commit of each row",
    tables(
      class extends MemoryTables {
        override draft(): Tables {
          return this.tables;
        }
      },
    ),
    [
      "commits no row of any table if the last one refuses its own",
      "gives up on an item with all of its rows, and on no other",
      "removes no child if a row of its batch is refused",
    ],
  ],
  [
    "rows that are written again",
    tables(
      class extends MemoryTables {
        override isDone = () => false;
        override checkMark(): void {}
      },
    ),
    ["writes no table twice"],
  ],
  [
    "children before their parents",
    tables(
      class extends MemoryTables {
        override order(): ("parent" | "child")[] {
          return ["child", "parent"];
        }
      },
    ),
    ["writes parents before children, in whatever order they are given"],
  ],
  [
    "tables in the order in which they are given",
    tables(
      class extends MemoryTables {
        override writeTree(draft: Tables, tree: Tree): void {
          const names = Object.keys(tree) as ("parent" | "child")[];
          this.order = () => names;
          super.writeTree(draft, tree);
        }
      },
    ),
    ["writes parents before children, in whatever order they are given"],
  ],
  [
    "the first parent for every child",
    tables(
      class extends MemoryTables {
        override linked(child: Child, parents: readonly Row[]) {
          return { ...child, parent_id: parents[0]?.id ?? child.parent_id ?? -1 };
        }
      },
    ),
    ["writes children that say which of several parents is theirs"],
  ],
  [
    "children that are refused alone",
    tables(
      class extends MemoryTables {
        override put(...[draft, table, row]: Parameters<MemoryTables["put"]>): void {
          if (table === "child" && draft.child.has(row.id)) return;
          super.put(draft, table, row);
        }
      },
    ),
    [
      "commits no row of any table if the last one refuses its own",
      "gives up on an item with all of its rows, and on no other",
    ],
  ],
  [
    "children that stay",
    tables(
      class extends MemoryTables {
        override removeMissing(): void {}
      },
    ),
    ["removes the children of a parent that are missing, and no others"],
  ],
  [
    "children of other parents that go as well",
    tables(
      class extends MemoryTables {
        override removeMissing(draft: Tables, _: readonly Row[], children: readonly Child[]): void {
          super.removeMissing(draft, [...draft.parent.values()], children);
        }
      },
    ),
    ["removes the children of a parent that are missing, and no others"],
  ],
  [
    "children that go in a commit of their own",
    tables(
      class extends MemoryTables {
        override removeMissing(
          ...[draft, ...rows]: Parameters<MemoryTables["removeMissing"]>
        ): void {
          super.removeMissing(this.tables, ...rows);
          super.removeMissing(draft, ...rows);
        }
      },
    ),
    ["removes no child if a row of its batch is refused"],
  ],
  [
    "children whose parent was deleted",
    tables(
      class extends MemoryTables {
        override remove(draft: Tables, id: number): void {
          draft.parent.delete(id);
        }
      },
    ),
    ["deletes what belongs to the row of a tombstone, and nothing else"],
  ],
  [
    "a mark before the rows of tables",
    tables(
      class extends MemoryTables {
        override commit(...[rows, runId, batch]: Commit): void {
          super.commit([], runId, batch);
          if (batch.key !== undefined) this.insert(rows);
        }
      },
    ),
    [
      "commits no row of any table if the last one refuses its own",
      "removes no child if a row of its batch is refused",
    ],
  ],
]);
