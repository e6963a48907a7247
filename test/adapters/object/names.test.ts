import { describe, expect, it } from "vitest";
import { folderOf, ownName, ownOf, partName, partOf } from "../../../src/adapters/object/names.ts";

describe("the name of a part", () => {
  const part = { from: 5, to: 1005, rows: 998, epoch: 3, isUnmarked: false };

  it("tells what it completes", () => {
    const name = partName(part, "csv.gz");
    expect(name).toBe("part-000000000005-000000001005-998-000003.csv.gz");
    expect(partOf(name)).toEqual(part);
  });

  it("tells the largest numbers, and that nothing is marked", () => {
    const most = { ...part, to: Number.MAX_SAFE_INTEGER, epoch: 12_345_678, isUnmarked: true };
    expect(partOf(partName(most, "ndjson"))).toEqual(most);
  });

  it.each([
    "manifest.json",
    "part-000000000005-000000001005-998-000003",
    "part-5-1005-998-3.csv",
    "part-000000000005-000000001005-998-000003.csv.1-2-3.tmp",
    "_millrace/part-000000000005-000000001005-998-000003.csv",
  ])("is not %s", (name) => expect(partOf(name)).toBe(undefined));

  it("is in the order of the source", () => {
    const names = [0, 9, 10, 99, 1000].map((from) => partName({ ...part, from }, "json"));
    expect([...names].sort()).toEqual(names);
  });
});

describe("the name of what a sink keeps for itself", () => {
  it.each(
    [
      { kind: "claim", epoch: 1 },
      { kind: "mark", epoch: 2, sequence: 34 },
      { kind: "ranges", epoch: 5, part: "part-000000000005-000000001005-998-000003.csv" },
    ] as const,
  )("tells what $kind it is", (name) => {
    expect(ownOf(ownName(name))).toEqual(name);
  });

  it("is no other name", () => {
    expect(["_millrace/other-000001.json", "claim-000001.json"].map(ownOf)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe("the folder of a key", () => {
  it("is a plain word itself, and a hash of anything else", async () => {
    expect(await folderOf("exports/", "users_2-b")).toBe("exports/users_2-b/");
    expect(await folderOf("", '["Users","eu/1"]')).toMatch(/^users-eu-1~[\da-f]{32}\/$/);
    expect(await folderOf("", "")).toMatch(/^~[\da-f]{32}\/$/);
  });

  it("tells keys apart that stores may not", async () => {
    const keys = ["users", "Users", "users ", "users/", "\ud800", "\udfff", "é", "e\u0301"];
    const folders = await Promise.all(keys.map((key) => folderOf("", key)));
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(keys.length);
  });
});
