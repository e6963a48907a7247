import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileCheckpointStore } from "../../../src/adapters/file.ts";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import type { CheckpointStore } from "../../../src/index.ts";
import { runCli } from "../../support/cli/run-cli.ts";
import { testTerminal } from "../../support/cli/test-terminal.ts";

const lease = 654_321; // ms: nothing else takes as long.
const realTimeout = globalThis.setTimeout;

let folder = "";
const closing: (() => unknown)[] = [];
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "cli-"))));
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

const inFolder = (line: string) => runCli(line, testTerminal({ folder }));
const checkpoint = { offset: 500, done: [[600, 700]], updatedAt: 1e12 } as const;

/** A store of each kind, as a run has it, and what `--store` names it by. */
const stores: Record<string, () => { store: Required<CheckpointStore>; place: string }> = {
  "a folder": () => ({ store: new FileCheckpointStore(join(folder, "kept")), place: "kept" }),
  "SQLite": () => {
    const db = new DatabaseSync(join(folder, "shop.db"));
    closing.push(() => db.close());
    db.exec("create table orders (id integer primary key)");
    return {
      store: sqliteSink(db, { table: "orders" }).checkpoints as Required<CheckpointStore>,
      place: "shop.db",
    };
  },
};

describe.each(Object.entries(stores))("millrace checkpoints of %s", (_, open) => {
  it("lists them, with those who have claimed a key", async () => {
    const { store, place } = open();
    await store.write("users", { ...checkpoint, runId: "run-1" });
    await store.write("orders/part 1", { offset: 3, done: [], updatedAt: 0 });
    await store.claim("users", { runId: "run-2", until: 5, lease: 10 }, 0);
    const { code, out } = await inFolder(`checkpoints list --store ${place}`);
    expect(code).toBe(0);
    expect(out).toBe(
      "orders/part 1  3 finished    1970-01-01T00:00:00.000Z\n" +
        "users          600 finished  2001-09-09T01:46:40.000Z  claimed by run run-2\n",
    );
    const json = await inFolder(`checkpoints list --store ${place} --json`);
    expect(JSON.parse(json.out)).toMatchObject([
      { key: "orders/part 1", checkpoint: { offset: 3 } },
      { key: "users", checkpoint, claim: { runId: "run-2", until: 5, lease: 10 } },
    ]);
  });

  it("shows one", async () => {
    const { store, place } = open();
    await store.write("users", checkpoint);
    const { code, out } = await inFolder(`checkpoints show users --store ${place}`);
    expect([code, JSON.parse(out)]).toEqual([0, { key: "users", checkpoint }]);
  });

  it("resets one, and no other", async () => {
    const { store, place } = open();
    await store.write("users", checkpoint);
    await store.write("films", checkpoint);
    const { code, out } = await inFolder(`checkpoints reset users --store ${place}`);
    expect(code).toBe(0);
    expect(out).toContain('The checkpoint "users" is reset');
    expect(await store.read("users")).toBeUndefined();
    expect(await store.read("films")).toEqual(checkpoint);
  });

  it("resets one whose run has died", async () => {
    const { store, place } = open();
    await store.write("users", checkpoint);
    await store.claim("users", { runId: "dead", until: 5, lease: 1 }, 0);
    const { code } = await inFolder(`checkpoints reset users --store ${place}`);
    expect(code).toBe(0);
    expect(await store.claim("users", { runId: "next", until: 1 }, 0)).toMatchObject({
      runId: "next",
    });
  });

  it("does not reset one that a run has, unless it is forced", async () => {
    const { store, place } = open();
    await store.write("users", checkpoint);
    let until = 1;
    const renew = async () =>
      void await store.claim("users", { runId: "live", until: until++, lease }, 0);
    await renew();
    // Within the time of the lease, whatever holds this process up.
    const timers = vi.spyOn(globalThis, "setTimeout").mockImplementation((call, delay) => {
      return delay === lease ? void renew().then(call) as never : realTimeout(call, delay);
    });
    const { code, err } = await inFolder(`checkpoints reset users --store ${place}`);
    expect(code).toBe(1);
    expect(err).toBe(
      'Cannot reset checkpoint "users" as it is claimed by run live: stop that run, or add --force\n',
    );
    timers.mockRestore();
    expect(await store.read("users")).toEqual(checkpoint);
    expect((await inFolder(`checkpoints reset users --store ${place} --force`)).code).toBe(0);
    expect(await store.read("users")).toBeUndefined();
  });

  it("names the nearest key for one that is not there", async () => {
    const { store, place } = open();
    await store.write("users", checkpoint);
    for (const verb of ["show", "reset"]) {
      const { code, err } = await inFolder(`checkpoints ${verb} user --store ${place}`);
      expect(code).toBe(2);
      expect(err).toBe(
        "Cannot find a checkpoint as 'key' must be one that the store has, perhaps \"users\": " +
          'current value is "user"\n',
      );
    }
  });
});

describe("millrace checkpoints", () => {
  it("finds none where a database has no table of them, and makes none", async () => {
    const db = new DatabaseSync(join(folder, "shop.db"));
    closing.push(() => db.close());
    db.exec("create table orders (id integer primary key)");
    expect(await inFolder("checkpoints list --store shop.db")).toEqual(
      { code: 0, out: "No checkpoints.\n", err: "" },
    );
    expect(db.prepare("select name from sqlite_schema").all()).toHaveLength(1);
  });

  it("leaves other files of a folder alone", async () => {
    writeFileSync(join(folder, "a.json"), "{}");
    writeFileSync(join(folder, "b.json"), "no JSON");
    writeFileSync(join(folder, "c.txt"), "text");
    writeFileSync(join(folder, "package.json"), '{"key":"of something else"}');
    mkdirSync(join(folder, "folder.json"));
    await new FileCheckpointStore(folder).write("users", checkpoint);
    expect((await inFolder("checkpoints list --store .")).out).toMatch(
      /^users +600 finished .*\n$/,
    );
  });

  it("fails for a checkpoint that is broken, and names its key", async () => {
    await new FileCheckpointStore(folder).write("users", checkpoint);
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".json"));
    writeFileSync(join(folder, file), '{"key":"users","offset":-1}');
    const { code, err } = await inFolder("checkpoints list --store .");
    expect(code).toBe(1);
    expect(err).toContain('Cannot read checkpoint "users" as ');
  });

  it("reads PostgreSQL by the pg of the user's project", async () => {
    const home = join(folder, "node_modules/pg");
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), '{ "type": "module", "exports": "./index.js" }');
    // Its answers are those of a server to the same statements.
    writeFileSync(
      join(home, "index.js"),
      `const row = { key: "users", checkpoint: '{"offset":7,"done":[],"updatedAt":0}',
  run_id: "run-1", lease_until: 3, lease: 1 };
let rows = [row];
export class Client {
  async connect() {}
  async end() {}
  async query(text, values = []) {
    if (text.startsWith("select to_regclass")) {
      const name = values[0] === '"etl"."millrace_checkpoint"' ? values[0] : null;
      return { rows: [{ name }] };
    }
    if (!text.includes('from "etl"."millrace_checkpoint"')) throw new Error(text);
    if (text.startsWith("select")) return { rows };
    const isSame = values.join() === "users,run-1,3" && text.startsWith("delete");
    rows = isSame ? [] : rows;
    return { rows: isSame ? [row] : [] };
  }
}`,
    );
    const at = "--store postgres://localhost/shop";
    expect((await inFolder(`checkpoints list ${at}`)).out).toBe("No checkpoints.\n");
    const shown = await inFolder(`checkpoints show users ${at} --schema etl`);
    expect(JSON.parse(shown.out)).toEqual({
      key: "users",
      checkpoint: { offset: 7, done: [], updatedAt: 0 },
      claim: { runId: "run-1", until: 3, lease: 1 },
    });
    expect((await inFolder(`checkpoints reset users ${at} --schema etl`)).code).toBe(0);
    expect((await inFolder(`checkpoints list ${at} --schema etl`)).out).toBe("No checkpoints.\n");
  });

  it.each([
    ["checkpoints", "'arguments' must be as in 'millrace checkpoints list --store place' or "],
    [
      "checkpoints lst --store .",
      "'checkpoints' must be followed by 'list': current value is \"lst\"",
    ],
    ["checkpoints list", "'--store' must be a SQLite file, a postgres:// URL or a folder"],
    ["checkpoints list --store absent", "'--store' must be a SQLite file, a postgres:// URL or a"],
    ["checkpoints list key --store .", "'key' must be omitted for 'list'"],
    ["checkpoints show --store .", "'key' must be the key of one checkpoint"],
    ["checkpoints reset --store .", "'key' must be the key of one checkpoint"],
    ["checkpoints show a --store . --force", "'--force' must be omitted for 'show'"],
    ["checkpoints reset a --store . --json", "'--json' must be omitted for 'reset'"],
    ["checkpoints list --store . --schema etl", "'--schema' must be omitted without PostgreSQL"],
    ["checkpoints list --stor .", "must be a flag of 'checkpoints', perhaps '--store'"],
    ["checkpoints show a --store .", "'key' must be one that the store has, which is empty"],
  ])("rejects %s", async (line, sentence) => {
    const { code, out, err } = await inFolder(line);
    expect(err).toContain(sentence);
    expect([code, out]).toEqual([2, ""]);
  });
});
