import * as files from "node:fs";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileCheckpointStore } from "../../../src/adapters/file.ts";
import { whileLocked } from "../../../src/bytes/file/file-lock.ts";
import { testCheckpointStore } from "../../../src/adapters/testing.ts";
import { CheckpointError, ConfigurationError, FencedError } from "../../../src/errors.ts";
import { ClaimingProcess, type Command } from "../../support/checkpoints/claiming-process.ts";

const blank = { offset: 0, done: [], updatedAt: 0 };
let directory = "";
let store: FileCheckpointStore;

/** What stands in the directory, without what follows the name of the key. */
const endings = () => readdirSync(directory).map((name) => name.replace(/^[^.]*/, "")).sort();

/** The path of the one file in the directory that ends like this. */
function pathOf(ending: string): string {
  const names = readdirSync(directory).filter((name) => name.endsWith(ending));
  expect(names.length).toBe(1);
  return join(directory, names[0]!);
}

/** Defines the tests of the store for a host that runs a program with this command. */
export function testFileCheckpointStore(command: Command): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "checkpoints-"));
    store = new FileCheckpointStore(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  describe("FileCheckpointStore", () => {
    testCheckpointStore(it, { create: () => store });
    testFiles();
    testLocks();
    testProcesses(command);
  });
}

function testFiles(): void {
  it("has one file for each key, with a readable name", async () => {
    await store.write("Daily users/2026", { ...blank, offset: 3, done: [[4, 5, "x"]] });
    const [name, ...others] = readdirSync(directory);
    expect(others).toEqual([]);
    expect(name).toMatch(/^daily-users-2026-[0-9a-f]{32}\.json$/);
    expect(JSON.parse(readFileSync(join(directory, name!), "utf8"))).toEqual({
      ...{ key: "Daily users/2026", offset: 3, done: [[4, 5, "x"]], updatedAt: 0 },
    });
  });

  it.each(["", "..", "/", "\0", "\ud800", "é", "x".repeat(100_000), "con", "a:b|c", "a.json"])(
    "has a safe name for the key %j",
    async (key) => {
      await store.write(key, blank);
      await store.claim(key, { runId: "one", until: 9 }, 0);
      expect(endings()).toEqual([".claim", ".json"]);
      for (const name of readdirSync(directory)) {
        expect(name).toMatch(/^[a-z0-9-]{32,100}\.[a-z]+$/);
      }
      expect(await store.read(key)).toEqual(blank);
    },
  );

  it("makes its directory when it is needed", async () => {
    const deep = new FileCheckpointStore(join(directory, "a", "b"));
    expect(await deep.read("key")).toBe(undefined);
    expect(readdirSync(directory)).toEqual([]);
    await deep.write("key", blank);
    expect(await new FileCheckpointStore(join(directory, "a", "b")).read("key")).toEqual(blank);
    await new FileCheckpointStore(join(directory, "c")).claim("key", { runId: "one", until: 9 }, 0);
    await new FileCheckpointStore(join(directory, "d")).release("key", "one");
  });

  it.each(["", "{", '{"key":"a","offset":5,"do', "null", '{"key":"a","offset":-5}'])(
    "rejects the invalid file %j instead of starting from zero",
    async (text) => {
      await store.write("a", { ...blank, offset: 5 });
      writeFileSync(pathOf(".json"), text);
      await expect(store.read("a")).rejects.toThrow(CheckpointError);
      await store.write("a", { ...blank, offset: 6 });
      expect(await store.read("a")).toMatchObject({ offset: 6 });
    },
  );

  it("rejects the file of another key", async () => {
    await store.write("a", blank);
    const path = pathOf(".json");
    rmSync(path);
    await store.write("b", blank);
    renameSync(pathOf(".json"), path);
    const error = new CheckpointError("a", "the file belongs to another key");
    await expect(store.read("a")).rejects.toThrow(error);
  });

  it("passes on the host's error for a file that cannot be read", async () => {
    await store.write("a", blank);
    const path = pathOf(".json");
    rmSync(path);
    mkdirSync(path);
    await expect(store.read("a")).rejects.toThrow("EISDIR");
    await expect(store.write("a", blank)).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM/);
    expect(endings()).toEqual([".json"]); // No temporary file is left.
  });

  it("passes on the host's error for a directory that cannot be made", async () => {
    writeFileSync(join(directory, "file"), "");
    const impossible = new FileCheckpointStore(join(directory, "file"));
    await expect(impossible.write("a", blank)).rejects.toThrow(/EEXIST|ENOTDIR/);
    await expect(impossible.claim("a", { runId: "one", until: 9 }, 0)).rejects.toThrow();
  });

  it("leaves no temporary file when it rejects a write", async () => {
    await store.claim("a", { runId: "one", until: 9 }, 0);
    await expect(store.write("a", blank)).rejects.toThrow(new FencedError("a", "one"));
    expect(endings()).toEqual([".claim"]);
    await store.release("a", "one");
    expect(endings()).toEqual([]);
    await expect(store.write("a", { ...blank, position: 7n })).rejects.toThrow(ConfigurationError);
    expect(endings()).toEqual([]);
  });

  it("ignores what a crash has left", async () => {
    await store.write("a", { ...blank, offset: 5 });
    const path = pathOf(".json");
    writeFileSync(path.replace("json", "1-2-3.tmp"), '{"key":"a","offs');
    writeFileSync(path.replace("json", "claim"), ""); // After a power cut.
    expect(await store.read("a")).toMatchObject({ offset: 5 });
    const claim = { runId: "one", until: 9 };
    expect(await store.claim("a", claim, 0)).toEqual(claim);
    await store.write("a", { ...blank, offset: 6, runId: "one" });
    expect(await store.read("a")).toMatchObject({ offset: 6 });
  });

  it("may be claimed forever", async () => {
    const claim = { runId: "one", until: Infinity };
    await store.claim("a", claim, 0);
    expect(await store.claim("a", { runId: "two", until: 9 }, 1e15)).toEqual(claim);
  });

  it.each([["", '""'], [undefined, "undefined"], [5, "5"]])(
    "throws for the directory %j",
    (path, shown) => {
      const error = new ConfigurationError(
        "Cannot construct FileCheckpointStore as 'directory' must be a non-empty string: " +
          `current value is ${shown}`,
      );
      expect(() => Reflect.construct(FileCheckpointStore, [path])).toThrow(error);
    },
  );
}

function testLocks(): void {
  afterEach(() => void vi.restoreAllMocks());

  /** Lets time run ahead, for who looks at the clock. */
  const hurry = () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now += 1000);
  };

  it.each([["a lock", [".lock"]], ["a lock and who was to remove it", [".lock", ".lock-"]]])(
    "continues after a crash that left %s",
    async (_, left) => {
      await store.write("a", blank);
      for (const ending of left) writeFileSync(pathOf(".json").replace(".json", ending), "");
      hurry();
      const runs = ["one", "two", "three"];
      const owners = await Promise.all(runs.map(async (runId) => {
        const other = new FileCheckpointStore(directory);
        return (await other.claim("a", { runId, until: 9 }, 0)).runId;
      }));
      expect(new Set(owners).size).toBe(1);
      expect(endings()).toEqual([".claim", ".json"]);
    },
  );

  it("waits for a lock that another process holds", async () => {
    await store.write("a", blank);
    const lock = pathOf(".json").replace(".json", ".lock");
    const clock = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => 1_000_000 + clock());
    writeFileSync(lock, "");
    let isDone = false;
    const written = store.write("a", { ...blank, offset: 1 }).then(() => void (isDone = true));
    for (let n = 0; n < 20; n++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(isDone).toBe(false);
    rmSync(lock);
    await written;
    expect(await store.read("a")).toMatchObject({ offset: 1 });
  });

  it("passes on the host's error for a lock that cannot be made", async () => {
    const lock = join(directory, "gone", "a.lock");
    await expect(whileLocked(files, lock, () => {})).rejects.toThrow("ENOENT");
  });

  it("releases the lock if the locked call fails", async () => {
    const lock = join(directory, "a.lock");
    const failure = new Error("broken");
    const failed = whileLocked(files, lock, () => {
      expect(endings()).toEqual([".lock"]);
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(endings()).toEqual([]);
    expect(await whileLocked(files, lock, () => 5)).toBe(5);
  });

  it("leaves a lock alone whose owner took ours for stale", async () => {
    const lock = join(directory, "a.lock");
    await whileLocked(files, lock, () => {
      rmSync(lock);
      writeFileSync(lock, "");
      utimesSync(lock, 1, 1); // The same inode may be used again at once.
    });
    expect(endings()).toEqual([".lock"]);
  });

  it("does not remove a lock that changes hands", async () => {
    await store.write("a", blank);
    const lock = pathOf(".json").replace(".json", ".lock");
    let now = 0;
    let looks = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      // Another process holds it each time that somebody looks at the clock.
      if (++looks < 20) utimesSync(lock, looks, looks);
      else rmSync(lock, { force: true });
      return now += 4000;
    });
    writeFileSync(lock, "");
    await store.claim("a", { runId: "one", until: 9 }, 0);
    expect(looks).toBeGreaterThanOrEqual(20);
  });
}

function testProcesses(command: Command): void {
  const keys = Array.from({ length: 25 }, (_, n) => `key ${n}`);
  const processes: ClaimingProcess[] = [];
  const start = async (runIds: readonly string[]) => {
    const started = runIds.map((runId) => new ClaimingProcess(command, directory, runId, keys));
    processes.push(...started);
    await Promise.all(started.map((each) => each.ready()));
    return started;
  };
  afterEach(async () => void await Promise.all(processes.splice(0).map((each) => each.kill())));

  it("grants each key to one of two processes that claim it at once", async () => {
    const [one, two] = await start(["one", "two"]);
    const [owners, others] = await Promise.all([one!.owners(), two!.owners()]);
    expect(owners).toEqual(others);
    expect(owners.every((owner) => ["one", "two"].includes(owner))).toBe(true);
    for (const [n, key] of keys.entries()) {
      expect(await store.read(key)).toMatchObject({ offset: n + 1, runId: owners[n] });
    }
    expect(new Set(endings())).toEqual(new Set([".claim", ".json"]));
  }, 180_000);

  it("grants the keys of a killed process to another when their lease is over", async () => {
    const [dead] = await start(["dead"]);
    expect(await dead!.owners()).toEqual(keys.map(() => "dead"));
    await processes.pop()!.kill();
    const [key = ""] = keys;
    const claim = { runId: "one", until: 2000 };
    expect(await store.claim(key, claim, 999)).toEqual({ runId: "dead", until: 1000 });
    await expect(store.write(key, { ...blank, runId: "one" })).rejects.toThrow(FencedError);
    expect(await store.claim(key, claim, 1000)).toEqual(claim);
    expect(await store.read(key)).toMatchObject({ offset: 1, runId: "dead" });
    await store.write(key, { ...blank, offset: 2, runId: "one" });
    expect(await store.read(key)).toMatchObject({ offset: 2, runId: "one" });
  }, 180_000);
}
