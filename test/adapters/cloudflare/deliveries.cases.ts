import { describe, expect, it } from "vitest";
import { type CloudflareSink, consumeQueue } from "../../../src/adapters/cloudflare.ts";
import { many, skip } from "../../../src/index.ts";
import type { DatabaseKind, TestDatabase } from "../../support/cloudflare/databases.ts";
import { toldMessages } from "../../support/cloudflare/messages.ts";

const bodies = { a: [1], b: [2, 3], c: [], d: [-4], e: [5] };
const rowsOf = ({ body }: { body: number[] }) =>
  body.length === 0 ? skip : many(body.map((n) => ({ n })));

/** Rows of a message are written once, however often it is delivered. */
export function testCloudflareMessages({ open, inside }: DatabaseKind): void {
  const made = async () => {
    const db = await open();
    await db.all("create table t (n integer check (n > 0))");
    return { db, sink: db.sink({ table: "t" }) };
  };
  const numbers = async (db: TestDatabase) =>
    (await db.all("select n from t order by n")).map(({ n }) => n);
  const consume = (
    given: Record<string, number[]>,
    load: CloudflareSink["load"],
    batchSize = 3,
  ) => {
    const { messages, told } = toldMessages(given);
    const transform = rowsOf as (message: { body: number[] }) => object;
    const outcome = consumeQueue({ messages }, { name: "n", transform, load }, { batchSize });
    return outcome.then((outcome) => ({ ...outcome, told }));
  };
  const losing = (db: TestDatabase) => {
    db.calls.after = (statements) => {
      if (!statements.some((sql) => sql.startsWith('insert into "t" ("n") select j'))) return;
      db.calls.after = () => {};
      throw new Error("Network connection lost.");
    };
  };

  describe("messages of a queue", () => {
    it(
      "are loaded once, and the bad one alone comes again",
      inside(async () => {
        const { db, sink } = await made();
        const first = await consume(bodies, sink.load);
        expect(first.told.toSorted()).toEqual(["a ack", "b ack", "c ack", "d retry 2", "e ack"]);
        expect(first.report).toMatchObject({ guarantee: "effectively-once", rows: 4 });
        const second = await consume({ ...bodies, f: [6] }, sink.load);
        expect(second).toMatchObject({ acked: 5, retried: 1 });
        expect(await numbers(db)).toEqual([1, 2, 3, 5, 6]);
      }),
    );

    it(
      "are there once where the answer to a commit was lost",
      inside(async () => {
        const { db, sink } = await made();
        losing(db);
        const outcome = await consume({ a: [1], b: [2, 3] }, sink.load);
        expect(outcome).toMatchObject({ acked: 2, retried: 0 });
        expect(await numbers(db)).toEqual([1, 2, 3]);
      }),
    );

    it(
      "come again while nobody knows what became of them, and are there once",
      inside(async () => {
        const { db, sink } = await made();
        db.calls.after = (statements) => {
          const isOfRows = statements.some((sql) => sql.startsWith('insert into "t"'));
          const isOfIds = statements.some((sql) =>
            sql.startsWith("select id from millrace_delivery")
          );
          if (isOfRows && statements.length > 1 || isOfIds) {
            throw new Error("Network connection lost.");
          }
        };
        const first = await consume({ a: [1], b: [2, 3] }, sink.load);
        expect(first).toMatchObject({ acked: 0, retried: 2 });
        db.calls.after = () => {};
        expect(await numbers(db)).toEqual([1, 2, 3]);
        expect(await consume({ a: [1], b: [2, 3], c: [4] }, sink.load)).toMatchObject({ acked: 3 });
        expect(await numbers(db)).toEqual([1, 2, 3, 4]);
      }),
    );

    it(
      "are loaded once where their ids need several parameters",
      inside(async () => {
        const { db } = await made();
        const sink = db.sink({ table: "t", maxBytes: 1000 });
        const ids = Array.from({ length: 9 }, (_, n) => `${n}${"x".repeat(300)}`);
        const given = Object.fromEntries(ids.map((id, n) => [id, [n + 1]]));
        expect(await consume(given, sink.load, 9)).toMatchObject({ acked: 9, retried: 0 });
        const counts = db.calls.all.map((statements) =>
          statements.filter((sql) => sql.startsWith("insert into millrace_delivery")).length
        );
        expect(Math.max(...counts)).toBe(3);
        const again = { ...given, more: [10] };
        expect(await consume(again, sink.load, 10)).toMatchObject({ acked: 10, retried: 0 });
        expect(await numbers(db)).toEqual(ids.map((_, n) => n + 1).concat(10));
      }),
    );

    it(
      "are loaded once by a function around the load as well",
      inside(async () => {
        const { db, sink } = await made();
        const wrapped = sink.wrap(async (rows: { n: number }[], _context, load) => {
          await load(rows.filter(({ n }) => n !== 2));
        });
        for (let n = 0; n < 2; n++) {
          const outcome = await consume({ a: [1], b: [2, 3] }, wrapped as never);
          expect(outcome).toMatchObject({ acked: 2, retried: 0 });
        }
        expect(await numbers(db)).toEqual([1, 3]);
      }),
    );
  });
}
