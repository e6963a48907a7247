// What a sink loads is inferred from the pipeline: compiled by `npm run check:types`, never run.
import { DatabaseSync } from "node:sqlite";
import { postgresSink } from "../../src/adapters/postgres.ts";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import { type Etl, etl } from "../../src/index.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

const sqlite = sqliteSink(new DatabaseSync(":memory:"), { table: "users", columns: ["id"] });
const postgres = postgresSink({} as never, { table: "users", columns: ["id"] });

const mapped = etl({
  name: "mapped",
  extract: () => [1, 2],
  transform: (id) => ({ id }),
  load: sqlite.load,
});
export const mappedRows: Same<typeof mapped, Etl<number, { id: number }>> = true;

const plain = etl({ name: "plain", extract: () => [{ id: 1 }], load: sqlite.load });
export const plainRows: Same<typeof plain, Etl<{ id: number }, { id: number }>> = true;

const remote = etl({
  name: "remote",
  extract: () => [1, 2],
  transform: (id) => ({ id }),
  load: postgres.load,
});
export const remoteRows: Same<typeof remote, Etl<number, { id: number }>> = true;

mapped.run({ checkpoints: sqlite.checkpoints, deadLetters: sqlite.deadLetters() });
remote.run({ checkpoints: postgres.checkpoints, deadLetters: () => postgres.deadLetters() });

// @ts-expect-error Rows are objects.
etl({ name: "no rows", extract: () => [1, 2], load: sqlite.load });

const wrapped = etl({
  name: "wrapped",
  extract: () => [1, 2],
  transform: (id) => ({ id }),
  load: sqlite.wrap((rows: { id: number }[], { batch }, load) =>
    load(rows.map(({ id }) => ({ id, at: batch.size })))
  ),
});
export const wrappedRows: Same<typeof wrapped, Etl<number, { id: number }>> = true;

const remotelyWrapped = etl({
  name: "wrapped",
  extract: () => [{ id: 1 }],
  load: postgres.wrap(async (rows: { id: number }[], context, load) => {
    await load(rows.map(({ id }) => ({ id })), context);
  }),
});
export const remotelyWrappedRows: Same<
  typeof remotelyWrapped,
  Etl<{ id: number }, { id: number }>
> = true;

wrapped.run({ checkpoints: sqlite.checkpoints, guarantee: "effectively-once" });

// @ts-expect-error Rows are objects.
sqlite.wrap((rows: number[], _, load) => load(rows));
