import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, textsOf } from "../../support/duckdb/client.ts";

/** What a table keeps of letters; the contract of the sink tells the rest. */
export function testDuckdbDeadLetters(): void {
  describe("dead letters", () => {
    const connections = connectionsOf();

    it("keeps what the error tells in columns, in the order of the writes", async () => {
      const connection = await connections.open();
      const writer = duckdbSink(connection, { table: "t" }).deadLetters().getWriter();
      const letter = { pipeline: "p", runId: "r", stage: "load", attempts: 2, at: 5 } as const;
      const error = new TypeError("half \ud800");
      await writer.write({ ...letter, item: { id: 1 }, row: { n: 2n }, offset: 7, error });
      await writer.write({ ...letter, item: null, offset: 8, error: "text" });
      const sql = `select item_offset, item, "row" is null, error_name, error_message, "at"
        from millrace_dead_letter order by id`;
      expect(await textsOf(connection, sql)).toEqual([
        ["7", '{"id":1}', "false", "TypeError", "half \ufffd", "5"],
        ["8", "null", "true", null, "text", "5"],
      ]);
    });
  });
}
