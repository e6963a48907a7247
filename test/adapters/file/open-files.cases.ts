import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFiles } from "../../../src/adapters/file.ts";
import { readNdjson } from "../../../src/adapters/ndjson.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import type { Chunks } from "../../../src/index.ts";

let folder = "";
const at = (...parts: string[]) => join(folder, ...parts);

/** The names of the files in the folder, and the bytes that they give. */
async function read(...args: Parameters<typeof openFiles>): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, content } of openFiles(...args)) {
    found.push([name.slice(folder.length + 1), await new Response(content()).text()]);
  }
  return found;
}

/** Defines the tests of `openFiles` for a host that has files. */
export function testOpenFiles(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-files-"));
    for (const name of ["b.csv", "a.csv", "c.txt"]) writeFileSync(at(name), `in ${name}`);
    mkdirSync(at("d.csv"));
    writeFileSync(at("d.csv", "e.csv"), "deep");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("openFiles()", () => {
    testLists();
    testStarts();
    testReading();
    testRefusals();
  });
}

function testLists(): void {
  it("gives the files of a pattern in the order of their names, and no folder", async () => {
    expect(await read(at("*.csv"))).toEqual([["a.csv", "in a.csv"], ["b.csv", "in b.csv"]]);
    expect((await read(at("**/*.csv"))).map(([name]) => name))
      .toEqual(["a.csv", "b.csv", "d.csv/e.csv"]);
    expect((await read(at("{c,b}.*"))).map(([name]) => name)).toEqual(["b.csv", "c.txt"]);
  });

  it("gives the files of an array in its order", async () => {
    const names = await read([at("c.txt"), pathToFileURL(at("b.csv")), at("a.*")]);
    expect(names.map(([name]) => name)).toEqual(["c.txt", "b.csv", "a.csv"]);
  });

  it("takes a name that looks like a pattern for the file of that name", async () => {
    writeFileSync(at("[a].csv"), "brackets");
    expect(await read(at("[a].csv"))).toEqual([["[a].csv", "brackets"]]);
  });

  it("knows sizes, and tells a file that has changed", async () => {
    const files = openFiles(at("*.csv"));
    expect((await files.list()).map(({ size }) => size)).toEqual([8, 8]);
    expect(await files.bytes()).toBe(16);
    expect(await openFiles(at("*.csv")).fingerprint()).toBe(await files.fingerprint());
    writeFileSync(at("a.csv"), "changed");
    expect(await openFiles(at("*.csv")).fingerprint()).not.toBe(await files.fingerprint());
  });
}

function testStarts(): void {
  it("begins at a byte of the first file", async () => {
    const files = openFiles(at("*.csv"), { from: { byte: 3, line: 2 } });
    expect(await read(at("*.csv"), { from: { byte: 3, line: 2 } }))
      .toEqual([["a.csv", "a.csv"], ["b.csv", "in b.csv"]]);
    expect((await files.list()).map(({ from }) => from)).toEqual([{ byte: 3, line: 2 }, undefined]);
    expect(await files.bytes()).toBe(16);
  });

  it("begins in the file that is named, without opening those before it", async () => {
    const from = { name: at("b.csv"), byte: 8, line: 1 };
    expect(await read(at("*.csv"), { from })).toEqual([["b.csv", ""]]);
    const { source } = readNdjson(openFiles(at("*.csv"), { from })) as Chunks<object> & {
      source: { bytesRead: number; bytesSkipped: number };
    };
    for await (const _ of source); // To its end.
    expect([source.bytesRead, source.bytesSkipped]).toEqual([0, 16]);
  });
}

function testReading(): void {
  it("reads a file in several steps, and only as far as it is asked", async () => {
    writeFileSync(at("big"), "x".repeat(600_000));
    const [file] = await openFiles(at("big")).list();
    const reader = file!.content().getReader();
    const first = await reader.read();
    expect(first.value!.length).toBe(262_144);
    await reader.cancel();
    expect((await read(at("big")))[0]![1].length).toBe(600_000);
  });

  it("lets go of a file whose read is pending", async () => {
    const [file] = await openFiles(at("a.csv")).list();
    const reader = file!.content().getReader();
    const pending = reader.read();
    await reader.cancel("enough");
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it("gives parts of a file as well", async () => {
    const [file] = await openFiles(at("a.csv")).list();
    const text = async (...range: [number, number?]) =>
      new TextDecoder().decode(await file!.slice(...range));
    expect([file!.byteLength, await text(1, 4), await text(5), await text(5, 99)])
      .toEqual([8, "n a", "csv", "csv"]);
    writeFileSync(at("a.csv"), "in");
    await expect(text(0, 4)).rejects.toThrow("has become shorter");
  });

  it("looks again after it has not found a file", async () => {
    const files = openFiles(at("later"));
    await expect(files.list()).rejects.toThrow(/^Cannot open files: .*ENOENT/);
    writeFileSync(at("later"), "there");
    expect((await files.list()).length).toBe(1);
  });
}

function testRefusals(): void {
  it("fails where there is nothing to read", async () => {
    await expect(openFiles(at("*.xml")).list()).rejects.toThrow(
      `no file matches ${JSON.stringify(at("*.xml"))}`,
    );
    await expect(openFiles(at("d.csv")).list()).rejects.toThrow("is a folder");
    const behind = { from: { byte: 9, line: 1 } };
    await expect(openFiles(at("a.csv"), behind).list()).rejects.toThrow(
      "must be at most the 8 bytes",
    );
    const other = { from: { name: "z", byte: 0, line: 1 } };
    await expect(read(at("*.csv"), other)).rejects.toThrow("must be a file of the list");
  });

  it.each([
    [[], "'paths' must be a path, a pattern"],
    ["", "'paths' must be a path, a pattern"],
    [new URL("https://example.com/a"), "'paths' must be a path, a pattern"],
    ["a", "'from' must be { byte, line } with whole numbers", { from: { byte: -1, line: 1 } }],
    ["a", "'form' must be a known option, perhaps 'from'", { form: {} }],
  ])("throws for %o with words", (paths, words, options?: object) => {
    const make = () => Reflect.apply(openFiles, undefined, [paths, options]);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`Cannot open files as ${words}`);
  });
}
