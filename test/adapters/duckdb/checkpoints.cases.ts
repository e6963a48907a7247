import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, markedContext, textsOf } from "../../support/duckdb/client.ts";

/** Marks, on one connection and on two. */
export function testDuckdbCheckpoints(): void {
  describe("marks", () => {
    const connections = connectionsOf();

    it("commits rows and mark together, and skips what was committed", async () => {
      const connection = await connections.open("create table t (id integer)");
      const { load, checkpoints } = duckdbSink(connection, { table: "t" });
      await checkpoints.claim("users", { runId: "one", until: 2000 }, 1000);
      await load([{ id: 1 }], markedContext([[0, 1]]));
      await load([{ id: 1 }], markedContext([[0, 1]], { attempt: 2 }));
      expect(await checkpoints.read("users")).toMatchObject({ offset: 1, runId: "one" });
      expect(await textsOf(connection, "select * from t")).toEqual([["1"]]);
    });

    it("fences a run that has lost its key on another connection", async () => {
      const [one, two] = await connections.openTwo("create table t (id integer)");
      const first = duckdbSink(one, { table: "t" });
      const second = duckdbSink(two, { table: "t" });
      await first.checkpoints.claim("users", { runId: "one", until: 2000 }, 1000);
      const held = await second.checkpoints.claim("users", { runId: "two", until: 3000 }, 1500);
      expect(held.runId).toBe("one");
      await second.checkpoints.claim("users", { runId: "two", until: 3000 }, 2000);
      await expect(first.load([{ id: 1 }], markedContext([[0, 1]]))).rejects.toThrow(/two/);
      expect(await textsOf(one, "select * from t")).toEqual([]);
    });

    it("tells both of two runs that claim a key at once who has it", async () => {
      const both = await connections.openTwo("create table t (id integer)");
      const claims = await Promise.all(both.map((connection, n) => {
        const { checkpoints } = duckdbSink(connection, { table: "t" });
        return checkpoints.claim("users", { runId: `run ${n}`, until: 2000 }, 1000);
      }));
      expect(claims[0]!.runId).toBe(claims[1]!.runId);
    });

    it("takes turns on one connection, however many loads there are at once", async () => {
      const connection = await connections.open("create table t (id integer primary key)");
      const sinks = [1, 2].map(() => duckdbSink(connection, { table: "t" }));
      await sinks[0]!.checkpoints.claim("users", { runId: "one", until: 2000 }, 1000);
      const ids = Array.from({ length: 10 }, (_, id) => id);
      await Promise.all(
        ids.map((id) => sinks[0]!.load([{ id }], markedContext([[id, id + 1]]))),
      );
      expect(await sinks[1]!.checkpoints.read("users")).toMatchObject({ offset: 10 });
      expect(await textsOf(connection, "select count(*) from t")).toEqual([["10"]]);
    });
  });
}
