import type { Awaitable } from "../../checkpoints/checkpoint.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import { expectSame } from "./expectations.ts";
import { rowOf, type SinkRow, type TestedSink } from "./tested-sink.ts";

/** A row of the table `child`: `id` is its primary key, and `parent_id` refers to `parent`. */
export interface ChildRow extends SinkRow {
  /** The `id` of its parent; a row without a parent is rejected. */
  readonly parent_id: number;
}

/** A row of a sink of several tables: for each table a row, rows or tombstones. */
export interface SinkTree {
  /** Rows of the table `parent`. */
  readonly parent?: object | readonly object[] | undefined;
  /** Rows of the table `child`; rows with exactly one parent omit `parent_id`. */
  readonly child?: object | readonly object[] | undefined;
}

/** Options of the tables of a sink. */
export interface TestedTablesSettings {
  /** Action of both tables on a row whose key exists: it is rejected, or updates the existing one. */
  readonly conflict: "error" | "replace";
  /** Set if children that were not given again with their parent are removed. */
  readonly missing: "delete" | undefined;
}

/**
 * A sink of two tables: `parent`, as in a `TestedSink`, and `child`, which also has `parent_id`. Both are
 * empty, and no `name` may be null.
 */
export interface TestedTables extends Pick<TestedSink, "checkpoints" | "deadLetters" | "close"> {
  /** Writes the rows of all tables, and the mark of the items they complete, in one transaction. */
  load(rows: SinkTree[], context: LoadContext): unknown;
  /** Reads the table `parent`, in any order. */
  parents(): Awaitable<readonly SinkRow[]>;
  /** Reads the table `child`, in any order. */
  children(): Awaitable<readonly ChildRow[]>;
}

/** A parent with children, which leave its key to the sink. */
export function treeOf(id: number, ...children: number[]): SinkTree {
  return { parent: rowOf(id), child: children.map(rowOf) };
}

/** Throws unless the tables have these rows: by parent, the ids of its children. */
export async function expectTrees(
  sink: TestedTables,
  expected: Readonly<Record<number, readonly number[]>>,
): Promise<void> {
  const parents = (await sink.parents()).map(({ id, name }) => ({ id, name }));
  const children = (await sink.children())
    .map(({ id, parent_id, name }) => ({ id, parent_id, name }));
  const byId = (a: SinkRow, b: SinkRow) => a.id - b.id;
  const wanted = Object.entries(expected).flatMap(([parent, ids]) =>
    ids.map((id) => ({ ...rowOf(id), parent_id: Number(parent) }))
  );
  expectSame("parents", parents.sort(byId), Object.keys(expected).map((id) => rowOf(Number(id))));
  expectSame("children", children.sort(byId), wanted.sort(byId));
}
