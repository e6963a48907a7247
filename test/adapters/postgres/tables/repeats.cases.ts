import fc from "fast-check";
import { expect, it } from "vitest";
import { postgresSink, tombstone } from "../../../../src/adapters/postgres.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { Bench } from "../../../support/postgres/cases.ts";

const tables = {
  a: {},
  b: { parent: { table: "a", on: { a_id: "id" } }, missing: "delete" },
  c: { parent: { table: "b", on: { b_id: "id" } }, missing: "delete" },
  d: { parent: { table: "a", on: { a_id: "id" } }, missing: "delete" },
} as const;

interface Tree {
  readonly a: { readonly id: number; readonly v: number };
  readonly b: readonly { readonly id: number; readonly v: number }[];
  readonly c: readonly { readonly id: number; readonly b_id: number; readonly v: number }[];
  readonly d: readonly { readonly no: number; readonly v: number }[];
}
type Op = Tree | { readonly dead: keyof typeof tables; readonly id: number; readonly no: number };

const v = fc.nat({ max: 9 });
const tree = fc.record({
  a: fc.record({ id: fc.nat({ max: 3 }), v }),
  b: fc.uniqueArray(fc.record({ id: fc.nat({ max: 5 }), v }), {
    maxLength: 3,
    selector: ({ id }) => id,
  }),
  c: fc.uniqueArray(fc.record({ id: fc.nat({ max: 8 }), b_id: fc.nat({ max: 2 }), v }), {
    maxLength: 4,
    selector: ({ id }) => id,
  }),
  d: fc.uniqueArray(fc.record({ no: fc.nat({ max: 3 }), v }), {
    maxLength: 3,
    selector: ({ no }) => no,
  }),
}).map(({ c, ...rest }): Tree => ({
  ...rest,
  c: rest.b.length === 0
    ? []
    : c.map((row) => ({ ...row, b_id: rest.b[row.b_id % rest.b.length]!.id })),
}));
const dead = fc.record({
  dead: fc.constantFrom("a", "b", "c", "d" as const),
  id: fc.nat({ max: 8 }),
  no: fc.nat({ max: 3 }),
}) as fc.Arbitrary<Op>;
const ops = fc.array(fc.oneof({ arbitrary: tree as fc.Arbitrary<Op>, weight: 4 }, dead), {
  minLength: 1,
  maxLength: 12,
});

type Stored = Map<string, Record<string, number>>;

/** What the operations one after the other leave, in plain JavaScript. */
function modelOf(all: readonly Op[]): Record<string, Record<string, number>[]> {
  const [a, b, c, d]: [Stored, Stored, Stored, Stored] = [
    new Map(),
    new Map(),
    new Map(),
    new Map(),
  ];
  const drop = (
    from: Stored,
    test: (row: Record<string, number>) => boolean,
    below?: (id: number) => void,
  ) => {
    for (const [key, row] of from) {
      if (!test(row)) continue;
      below?.(row["id"]!);
      from.delete(key);
    }
  };
  const dropC = (test: (row: Record<string, number>) => boolean) => drop(c, test);
  const dropB = (test: (row: Record<string, number>) => boolean) =>
    drop(b, test, (id) => dropC((row) => row["b_id"] === id));
  for (const op of all) {
    if ("dead" in op) {
      const { id, no } = op;
      if (op.dead === "d") drop(d, (row) => row["a_id"] === id && row["no"] === no);
      else if (op.dead === "c") dropC((row) => row["id"] === id);
      else if (op.dead === "b") dropB((row) => row["id"] === id);
      else {
        dropB((row) => row["a_id"] === id);
        drop(d, (row) => row["a_id"] === id);
        a.delete(`${id}`);
      }
      continue;
    }
    const { id } = op.a;
    const has = (rows: readonly { readonly id: number }[], row: Record<string, number>) =>
      rows.some(({ id }) => id === row["id"]);
    dropB((row) => row["a_id"] === id && !has(op.b, row));
    dropC((row) => op.b.some(({ id }) => id === row["b_id"]) && !has(op.c, row));
    drop(d, (row) => row["a_id"] === id && !op.d.some(({ no }) => no === row["no"]));
    a.set(`${id}`, { ...op.a });
    for (const row of op.b) b.set(`${row.id}`, { id: row.id, a_id: id, v: row.v });
    for (const row of op.c) c.set(`${row.id}`, { ...row });
    for (const row of op.d) d.set(`${id} ${row.no}`, { a_id: id, no: row.no, v: row.v });
  }
  const sorted = (rows: Stored) =>
    [...rows.values()].sort((one, other) =>
      (one["id"] ?? 0) - (other["id"] ?? 0) || (one["a_id"] ?? 0) - (other["a_id"] ?? 0) ||
      (one["no"] ?? 0) - (other["no"] ?? 0)
    );
  return { a: sorted(a), b: sorted(b), c: sorted(c), d: sorted(d) };
}

const schema = `create table a (id int primary key, v int);
  create table b (id int primary key, a_id int not null references a, v int);
  create table c (id int primary key, b_id int not null references b, v int);
  create table d (a_id int references a, no int, v int, primary key (a_id, no))`;

/** Defines the test of several tables by a model: what rows leave, whatever the batches are. */
export function testPostgresModel({ tested }: Bench): void {
  it("leaves what the rows one after the other would, for any batchSize", async () => {
    await tested().run(schema);
    let n = 0;
    await fc.assert(
      fc.asyncProperty(ops, fc.integer({ min: 1, max: 12 }), async (all, batchSize) => {
        await tested().run("truncate a, b, c, d");
        const { load } = postgresSink(tested().client, { conflict: "replace", tables });
        const transform = (op: Op) => {
          if (!("dead" in op)) return { ...op };
          const { dead, id, no } = op;
          return { [dead]: tombstone(dead === "d" ? { a_id: id, no } : { id }) };
        };
        await etl({ name: `model ${n++}`, extract: () => all, transform, load }).run({ batchSize });
        const found: Record<string, unknown> = {};
        for (const [name, order] of Object.entries({ a: "id", b: "id", c: "id", d: "a_id, no" })) {
          found[name] = await tested().run(`select * from ${name} order by ${order}`);
        }
        expect(found).toEqual(modelOf(all));
      }),
      { numRuns: 40, seed: 20_261_129 },
    );
  }, 180_000);
}
