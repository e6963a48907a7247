import { describe, expect, it } from "vitest";
import { endpointOf, withoutPassword } from "../../../src/cli/copy/endpoint.ts";

describe("endpointOf()", () => {
  it.each([
    ["users.csv", { kind: "file", path: "users.csv", format: "csv", compression: "none" }],
    ["a.b/x.TSV.gz", { kind: "file", path: "a.b/x.TSV.gz", format: "tsv", compression: "gzip" }],
    ["*.jsonl.br", { kind: "file", path: "*.jsonl.br", format: "ndjson", compression: "brotli" }],
    ["x.json.zst", { kind: "file", path: "x.json.zst", format: "json", compression: "zstd" }],
    [
      "https://host/x.parquet?a=1",
      { kind: "http", url: "https://host/x.parquet?a=1", format: "parquet", compression: "none" },
    ],
    ["shop.db#users", { kind: "sqlite", path: "shop.db", table: "users" }],
    ["sqlite:shop#a%20b", { kind: "sqlite", path: "shop", table: "a b" }],
    ["shop.sqlite?query=select+1", { kind: "sqlite", path: "shop.sqlite", query: "select 1" }],
    [
      "postgres://u:p@h/b?sslmode=require#s.t",
      { kind: "postgres", url: "postgres://u:p@h/b?sslmode=require", schema: "s", table: "t" },
    ],
    [
      "postgresql://h/b?query=select%201&x=1",
      { kind: "postgres", url: "postgresql://h/b?x=1", query: "select 1" },
    ],
  ])("reads %s", (spec, expected) => expect(endpointOf("FROM", spec)).toEqual(expected));

  it("takes a format in place of the one of the name", () => {
    expect(endpointOf("FROM", "-", { format: "csv.gz" }))
      .toEqual({ kind: "standard", format: "csv", compression: "gzip" });
    expect(endpointOf("TO", "x.txt", { format: "json" }))
      .toEqual({ kind: "file", path: "x.txt", format: "json", compression: "none" });
  });

  it.each(
    [
      ["FROM", "users.xls", {}, "'FROM' must be a file (.csv .tsv"],
      ["FROM", "", {}, "'FROM' must be a file (.csv .tsv"],
      ["TO", "https://host/a.csv", {}, "'TO' must be a file (.csv .tsv"],
      ["FROM", "https://:1:2/a.csv", {}, "'FROM' must be a file"],
      ["FROM", "-", {}, `'--from-format' must be given beside "-"`],
      ["TO", "-", { format: "xml" }, "'--to-format' must be csv, tsv, ndjson"],
      ["FROM", "a.db#t", { format: "csv" }, "'--from-format' must be omitted for a database"],
      ["FROM", "a.csv", { query: "q" }, "'--query' must be omitted unless FROM is a database"],
      ["TO", "shop.db", {}, "'TO' must be a database with #table behind it"],
      ["TO", "shop.db?query=select+1", {}, "'TO' must be a table, as in db.sqlite#table"],
      ["FROM", "shop.db", {}, "'FROM' must be a database with #table behind it, or beside --query"],
      [
        "FROM",
        "shop.db#a",
        { query: "q" },
        "'FROM' must be a database with a #table or with a query",
      ],
      ["TO", "a.parquet.gz", {}, "'TO' must be Parquet without .gz"],
    ] as const,
  )("refuses %s %j %j", (side, spec, flags, message) => {
    expect(() => endpointOf(side, spec, flags)).toThrow(`Cannot copy as ${message}`);
  });

  it("shows no password", () => {
    expect(withoutPassword("postgres://me:secret@host/base#t")).toBe("postgres://me@host/base#t");
    expect(withoutPassword("postgres://me:se@cret@host:5432/b")).toBe("postgres://me@host:5432/b");
    expect(withoutPassword("postgres://h/b?password=secret#t")).toBe("postgres://h/b#t");
    expect(withoutPassword("postgres://h/b?a=1&password=s&b=2")).toBe("postgres://h/b?a=1&b=2");
    expect(() => endpointOf("FROM", "https://me:secret@host/a.csv")).toThrow(
      /'FROM' must be a URL without a user and a password: current value is "https:[^s]*$/,
    );
    expect(() => endpointOf("TO", "postgres://me:secret@host/base")).toThrow(/postgres:..[^s]*$/);
  });
});
