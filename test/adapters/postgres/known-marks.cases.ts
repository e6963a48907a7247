import { describe, expect, it } from "vitest";
import type { DoneRange } from "../../../src/checkpoints/checkpoint.ts";
import type { CommitMark } from "../../../src/checkpoints/commit-mark.ts";
import { checkpointTable } from "../../../src/adapters/postgres/bookkeeping.ts";
import { PostgresCheckpoints } from "../../../src/adapters/postgres/checkpoints.ts";
import { openDatabase } from "../../../src/adapters/postgres/client.ts";
import type { Session } from "../../../src/adapters/postgres/database.ts";
import type { Bench } from "../../support/postgres/cases.ts";

/** Defines the tests of marks that follow one that was committed from the same place. */
export function testPostgresKnownMarks({ tested }: Bench): void {
  describe("a mark", () => {
    const setUp = async (key: string) => {
      const database = openDatabase("test", tested().client, { isFixed: true });
      const checkpoints = new PostgresCheckpoints(database, checkpointTable(database, undefined));
      await checkpoints.claim(key, { runId: "run", until: 2000 }, 1000);

      /** Marks a range, and returns the first words of the statements that this took. */
      const mark = async (from: number, to: number, position?: unknown) => {
        const words: (string | undefined)[] = [];
        const range: DoneRange = position === undefined ? [from, to] : [from, to, position];
        const mark: CommitMark = { key, runId: "run", ranges: [range], isMarked: true };
        const marked = await database.transaction(async (session) => {
          const values: Session["values"] = (text, params) => {
            words.push(/\w+/.exec(text)?.[0]);
            return session.values(text, params);
          };
          return await checkpoints.mark({ ...session, values }, mark);
        });
        marked?.onCommitted();
        return { words, takeBack: marked?.takeBack };
      };
      const done = async () => {
        const { offset, done } = (await checkpoints.read(key))!;
        return { offset, done };
      };
      const change = (set: string) =>
        tested().run(`update millrace_checkpoint set ${set} where key = '${key}'`);
      return { mark, done, change, read: () => checkpoints.read(key) };
    };

    it("takes one statement after one that was committed from here", async () => {
      const { mark, done } = await setUp("one");
      expect((await mark(0, 2)).words).toEqual(["select", "update"]);
      expect((await mark(2, 4)).words).toEqual(["update"]);
      expect((await mark(5, 6)).words).toEqual(["update"]);
      expect(await done()).toEqual({ offset: 4, done: [[5, 6]] });
      expect((await mark(2, 4)).words).toEqual(["select"]); // It is there already.
    });

    it("adds to what somebody else has written since", async () => {
      const { mark, done, change } = await setUp("others");
      await mark(0, 2);
      const other = JSON.stringify({ offset: 2, done: [[7, 9]], updatedAt: 1, runId: "run" });
      await change(`checkpoint = '${other}'`);
      expect((await mark(2, 4)).words).toEqual(["update", "select", "update"]);
      expect(await done()).toEqual({ offset: 4, done: [[7, 9]] });
    });

    it("is fenced if another run has taken the key since", async () => {
      const { mark, done, change } = await setUp("taken");
      await mark(0, 2);
      await change("run_id = 'other'");
      await expect(mark(2, 4)).rejects.toMatchObject({ name: "FencedError" });
      expect(await done()).toEqual({ offset: 2, done: [] });
    });

    it("keeps a position as it was stored, whatever becomes of its object", async () => {
      const { mark, read } = await setUp("position");
      const position = { n: 1 };
      await mark(0, 2, position);
      position.n = 9;
      expect((await mark(5, 6, { n: 3 })).words).toEqual(["update"]);
      const done = [[5, 6, { n: 3 }]];
      expect(await read()).toMatchObject({ offset: 2, position: { n: 1 }, done });
    });

    it("looks again after one was taken back", async () => {
      const { mark, done } = await setUp("undone");
      await mark(0, 2);
      const { takeBack } = await mark(2, 4);
      await takeBack!();
      expect((await mark(2, 4)).words).toEqual(["select", "update"]);
      expect(await done()).toEqual({ offset: 4, done: [] });
    });
  });
}
