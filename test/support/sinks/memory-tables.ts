import type { ChildRow, TestedTablesSettings } from "../../../src/adapters/testing.ts";
import { MemorySink, type Row } from "./memory-sink.ts";

/** In place of a row: the row of this id is to be deleted. */
export class Gone {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

type Given<R> = R | Gone | (R | Gone)[] | undefined;
export type Child = Omit<ChildRow, "parent_id"> & { readonly parent_id?: number };
export type Tree = { readonly parent?: Given<Row>; readonly child?: Given<Child> };
type Table = "parent" | "child";

/** What two tables hold. */
export interface Tables {
  readonly parent: Map<number, Row>;
  readonly child: Map<number, ChildRow>;
}

/** A sink of two tables whose rows and checkpoint are one commit, in memory; each method is one step. */
export class MemoryTables extends MemorySink {
  readonly settings: TestedTablesSettings;
  tables: Tables = { parent: new Map(), child: new Map() };

  constructor(settings: TestedTablesSettings) {
    super();
    this.settings = settings;
  }

  override check(): void {}

  override insert(rows: Row[]): void {
    const draft = this.draft();
    for (const tree of rows as unknown as Tree[]) this.writeTree(draft, tree);
    this.tables = draft;
  }

  draft(): Tables {
    return { parent: new Map(this.tables.parent), child: new Map(this.tables.child) };
  }

  writeTree(draft: Tables, tree: Tree): void {
    const parents = rowsIn(tree.parent);
    const children = rowsIn(tree.child).map((child) => this.linked(child, parents));
    for (const row of [tree.child].flat()) if (row instanceof Gone) draft.child.delete(row.id);
    for (const row of [tree.parent].flat()) if (row instanceof Gone) this.remove(draft, row.id);
    if (this.settings.missing === "delete") this.removeMissing(draft, parents, children);
    for (const table of this.order()) {
      const rows: readonly Row[] = table === "parent" ? parents : children;
      for (const row of rows) this.put(draft, table, row);
    }
  }

  order(): Table[] {
    return ["parent", "child"];
  }

  linked(child: Child, parents: readonly Row[]): ChildRow {
    return { parent_id: parents[0]?.id ?? -1, ...child };
  }

  remove(draft: Tables, id: number): void {
    draft.parent.delete(id);
    for (const child of [...draft.child.values()]) {
      if (child.parent_id === id) draft.child.delete(child.id);
    }
  }

  removeMissing(draft: Tables, parents: readonly Row[], children: readonly Child[]): void {
    for (const { id, parent_id } of [...draft.child.values()]) {
      if (!parents.some((parent) => parent.id === parent_id)) continue;
      if (!children.some((child) => child.id === id)) draft.child.delete(id);
    }
  }

  put(draft: Tables, table: Table, row: Row): void {
    if (row.name === null) throw new Error("There is no name");
    if (this.settings.conflict === "error" && draft[table].has(row.id)) {
      throw new Error("There is such a row already");
    }
    if (table === "child" && !draft.parent.has((row as ChildRow).parent_id)) {
      throw new Error("There is no such parent");
    }
    draft[table].set(row.id, row as ChildRow);
  }

  parents(): Row[] {
    return [...this.tables.parent.values()].reverse();
  }

  children(): ChildRow[] {
    return [...this.tables.child.values()].reverse();
  }
}

function rowsIn<R extends object>(given: Given<R>): R[] {
  return [given].flat().filter((row): row is R => row !== undefined && !(row instanceof Gone));
}

/** A sink of one table that also takes what deletes a row. */
export class MemoryDeletes extends MemorySink {
  override check(rows: Row[], runId: string): void {
    super.check(rows.filter((row) => !(row instanceof Gone)), runId);
  }

  override insert(rows: Row[]): void {
    const draft = new Map(this.table);
    for (const row of rows) this.put(draft, row);
    this.keep(draft);
  }

  put(draft: Map<number, Row>, row: Row): void {
    if (row instanceof Gone) return this.remove(draft, row.id);
    if (draft.has(row.id)) throw new Error("There is such a row already");
    draft.set(row.id, row);
  }

  remove(draft: Map<number, Row>, id: number): void {
    draft.delete(id);
  }

  keep(draft: Map<number, Row>): void {
    this.table.clear();
    for (const row of draft.values()) this.table.set(row.id, row);
  }
}
