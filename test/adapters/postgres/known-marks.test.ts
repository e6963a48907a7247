import { PGlite } from "@electric-sql/pglite";
import { afterAll, describe, expect, it } from "vitest";
import type { CommitMark } from "../../../src/checkpoints/commit-mark.ts";
import { checkpointTable } from "../../../src/adapters/postgres/bookkeeping.ts";
import { PostgresCheckpoints } from "../../../src/adapters/postgres/checkpoints.ts";
import { openDatabase } from "../../../src/adapters/postgres/client.ts";
import type { Session } from "../../../src/adapters/postgres/database.ts";
import { KnownMarks } from "../../../src/adapters/postgres/known-marks.ts";

describe("KnownMarks", () => {
  const mark = (text: string) => {
    const next = { offset: 1, done: [], updatedAt: 0, runId: "run" };
    return { next, loadedBy: "run", text };
  };

  it("returns the mark that was committed last", () => {
    const marks = new KnownMarks();
    expect(marks.begin("key")).toBeUndefined();
    marks.end("key", mark("first"));
    expect(marks.begin("other")).toBeUndefined();
    expect(marks.begin("key")).toEqual(mark("first"));
    marks.end("key", mark("second"));
    expect(marks.begin("key")).toEqual(mark("second"));
  });

  it("returns none while another one is under way, or if one came to nothing", () => {
    const marks = new KnownMarks();
    marks.begin("key");
    marks.end("key", mark("first"));
    marks.begin("key");
    expect(marks.begin("key")).toBeUndefined();
    marks.end("key", mark("third"));
    expect(marks.begin("key")).toBeUndefined(); // Nobody knows what became of the second.
    marks.forget("key");
    marks.end("key", mark("fourth"));
    expect(marks.begin("key")).toEqual(mark("fourth"));
  });

  it("keeps no long checkpoint", () => {
    const marks = new KnownMarks();
    marks.begin("key");
    marks.end("key", mark("x".repeat(5000)));
    expect(marks.begin("key")).toBeUndefined();
  });
});

describe("a mark of PostgreSQL", () => {
  const client = new PGlite();
  afterAll(() => client.close());
  const database = openDatabase("test", client);
  const checkpoints = new PostgresCheckpoints(database, checkpointTable(database, undefined));

  /** Marks a range of a key, and returns the first words of the statements that this took. */
  const markAs = async (key: string, from: number, to: number) => {
    const words: (string | undefined)[] = [];
    const mark: CommitMark = { key, runId: "run", ranges: [[from, to]], isMarked: true };
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
  const claim = (key: string) => checkpoints.claim(key, { runId: "run", until: 2000 }, 1000);
  const doneOf = async (key: string) => {
    const { offset, done } = (await checkpoints.read(key))!;
    return { offset, done };
  };

  it("takes one statement after one that was committed from here", async () => {
    await claim("one");
    expect((await markAs("one", 0, 2)).words).toEqual(["select", "update"]);
    expect((await markAs("one", 2, 4)).words).toEqual(["update"]);
    expect((await markAs("one", 5, 6)).words).toEqual(["update"]);
    expect(await doneOf("one")).toEqual({ offset: 4, done: [[5, 6]] });
    expect((await markAs("one", 2, 4)).words).toEqual(["select"]); // It is there already.
  });

  it("adds to what somebody else has written since", async () => {
    await claim("others");
    await markAs("others", 0, 2);
    const other = JSON.stringify({ offset: 2, done: [[7, 9]], updatedAt: 1, runId: "run" });
    await client.query("update millrace_checkpoint set checkpoint = $1 where key = 'others'", [
      other,
    ]);
    expect((await markAs("others", 2, 4)).words).toEqual(["update", "select", "update"]);
    expect(await doneOf("others")).toEqual({ offset: 4, done: [[7, 9]] });
  });

  it("is fenced if another run has taken the key since", async () => {
    await claim("taken");
    await markAs("taken", 0, 2);
    await client.query("update millrace_checkpoint set run_id = 'other' where key = 'taken'");
    await expect(markAs("taken", 2, 4)).rejects.toMatchObject({ name: "FencedError" });
    expect(await doneOf("taken")).toEqual({ offset: 2, done: [] });
  });

  it("looks again after one was taken back", async () => {
    await claim("back");
    await markAs("back", 0, 2);
    const { takeBack } = await markAs("back", 2, 4);
    await takeBack!();
    expect((await markAs("back", 2, 4)).words).toEqual(["select", "update"]);
    expect(await doneOf("back")).toEqual({ offset: 4, done: [] });
  });
});
