import { existsSync, readFileSync, rmSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { copyFolder } from "../../support/cli/copy.ts";

const types = ["--types", "id=int,price=number"];
const rows = [
  { id: 1, name: "Ada", note: "", price: 1.5 },
  { id: 2, name: null, note: 'say "hi",\nagain', price: null },
  { id: 9007199254740991, name: "=1+1", note: "007", price: -2 },
];
const table = `create table users (id integer primary key, name text, note text, price real);
  insert into users values (1, 'Ada', '', 1.5), (2, null, 'say "hi",' || char(10) || 'again', null),
    (9007199254740991, '=1+1', '007', -2);`;

describe("millrace copy", () => {
  const folder = copyFolder();

  it.each([
    ["csv", types],
    ["csv.gz", types],
    ["tsv.zst", types],
    ["ndjson", []],
    ["ndjson.br", []],
    ["jsonl.gz", []],
    ["json", []],
    ["json.zst", []],
    ["parquet", []],
  ])("copies a table into %s, and from there into a table", async (ending, flags) => {
    folder.exec("shop.db", table);
    expect(await folder.copy("shop.db#users", `users.${ending}`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(`^Copied 3 rows from shop.db#users to users.${ending} in `),
    });
    const back = await folder.copy(`users.${ending}`, "back.db#users", "--create", ...flags);
    expect(back).toMatchObject({ code: 0, err: "" });
    expect(folder.rows("back.db", "select * from users order by id")).toEqual(rows);
  });

  it.each([
    ["csv.br", "ndjson.gz"],
    ["ndjson.gz", "parquet"],
    ["parquet", "tsv"],
    ["json", "csv.zst"],
  ])("copies %s into %s", async (from, to) => {
    folder.exec("shop.db", table);
    await folder.copy("shop.db#users", `a.${from}`);
    const flags = from.startsWith("csv") ? types : [];
    expect(await folder.copy(`a.${from}`, `b.${to}`, ...flags)).toMatchObject({ code: 0, err: "" });
    const last = to === "tsv" || to.startsWith("csv") ? types : [];
    await folder.copy(`b.${to}`, "back.db#users", "--create", ...last);
    expect(folder.rows("back.db", "select * from users order by id")).toEqual(rows);
  });

  it("says that a copy is complete, and copies it again with --fresh", async () => {
    folder.write("a.csv", "id,name\n1,Ada\n2,\n");
    await folder.copy("a.csv", "out.ndjson.gz");
    expect(await folder.copy("a.csv", "out.ndjson.gz")).toMatchObject({
      code: 0,
      out: "Nothing to copy: all rows of a.csv are in out.ndjson.gz (--fresh copies them again)\n",
    });
    folder.write("a.csv", "id,name\n1,Ada\n2,\n3,\n");
    expect(await folder.copy("a.csv", "out.ndjson.gz")).toEqual({
      code: 2,
      out: "",
      err:
        "Cannot copy as 'FROM' must be the version that an earlier copy has read (--fresh copies " +
        'this one from its start): current value is "another version"\n',
    });
    expect((await folder.copy("a.csv", "out.ndjson.gz", "--fresh")).out).toContain("Copied 3 rows");
    expect(gunzipSync(readFileSync(folder.path("out.ndjson.gz"))).toString())
      .toBe('{"id":"1","name":"Ada"}\n{"id":"2","name":null}\n{"id":"3","name":null}\n');
  });

  it("keeps values of different types in a column of SQLite", async () => {
    const values = [1, "007", 1.5, "1e3", null, "x"];
    const lines = values.map((zip, n) => JSON.stringify({ zip, text: n === 0 ? "a" : n }));
    folder.write("a.ndjson", lines.join("\n"));
    folder.exec("shop.db", "create table texts (zip, text text)");
    for (const table of ["mixed", "texts"]) {
      const copied = await folder.copy("a.ndjson", `shop.db#${table}`, "--create");
      expect(copied).toMatchObject({ code: 0 });
      expect(folder.rows("shop.db", `select zip from ${table}`)).toEqual(
        values.map((zip) => ({ zip })),
      );
    }
    expect(folder.rows("shop.db", "select text from texts limit 2"))
      .toEqual([{ text: "a" }, { text: "1" }]);
  });

  it("copies all rows again where what was written is gone", async () => {
    folder.write("a.csv", "id\n1\n2\n");
    await folder.copy("a.csv", "out.ndjson");
    rmSync(folder.path("out.ndjson"));
    expect((await folder.copy("a.csv", "out.ndjson")).out).toContain("Copied 2 rows");
    expect(readFileSync(folder.path("out.ndjson"), "utf8")).toBe('{"id":"1"}\n{"id":"2"}\n');
    await folder.copy("a.csv", "shop.db#ids", "--create");
    folder.exec("shop.db", "drop table ids");
    expect((await folder.copy("a.csv", "shop.db#ids", "--create")).out).toContain("Copied 2 rows");
    expect(folder.rows("shop.db", "select id from ids")).toEqual([{ id: "1" }, { id: "2" }]);
  });

  it("does not copy anything to where it is read from", async () => {
    folder.write("a.csv", "id\n1\n");
    folder.write("b.csv", "id\n2\n");
    folder.exec("shop.db", table);
    for (
      const args of [
        ["a.csv", "./a.csv", "--fresh"],
        ["*.csv", "b.csv", "--fresh"],
        ["shop.db#users", "./shop.db#Users"],
      ]
    ) {
      expect(await folder.copy(...args)).toMatchObject({
        code: 2,
        err: expect.stringContaining("'TO' must be other than "),
      });
    }
    expect(readFileSync(folder.path("a.csv"), "utf8")).toBe("id\n1\n");
    expect(folder.rows("shop.db", "select * from users")).toHaveLength(3);
  });

  it("ends what it writes to a pipe at Ctrl-C", async () => {
    const numbers =
      "with recursive n(id) as (select 1 union all select id + 1 from n where id < 50000)";
    folder.exec(
      "shop.db",
      `create table n (id integer primary key); insert into n ${numbers} select id from n`,
    );
    const written: Uint8Array[] = [];
    let interrupt = () => {};
    const write = vi.spyOn(process.stdout, "write").mockImplementation((bytes, done) => {
      written.push(bytes as Uint8Array);
      if (written.length === 1) interrupt();
      (done as unknown as () => void)();
      return true;
    });
    try {
      const { terminal, ended } = folder.start("shop.db#n", "-", "--to-format", "csv.gz");
      interrupt = () => terminal.interrupt();
      expect(await ended).toBe(3);
      const lines = gunzipSync(Buffer.concat(written)).toString().trim().split("\n");
      const [, loaded] = /Stopped after ([\d,]+) rows/.exec(terminal.err())!;
      expect(lines).toHaveLength(Number(loaded!.replace(",", "")) + 1);
    } finally {
      write.mockRestore();
    }
  });

  it("copies what has come to a table since", async () => {
    folder.exec("shop.db", table);
    await folder.copy("shop.db#users", "a.ndjson", "--columns", "name");
    expect((await folder.copy("shop.db#users", "a.ndjson", "--columns", "name")).out)
      .toBe("Nothing to copy: no new rows in shop.db#users\n");
    folder.exec("shop.db", "insert into users values (9007199254740992, 'new', '', 0)");
    expect((await folder.copy("shop.db#users", "a.ndjson", "--columns", "name")).out)
      .toContain("Copied 1 row from shop.db#users to a.ndjson");
    expect(readFileSync(folder.path("a.ndjson"), "utf8").split("\n").slice(2))
      .toEqual(['{"name":"=1+1"}', '{"name":"new"}', ""]);
  });

  it("reads files of a pattern, and leaves out columns", async () => {
    folder.write("1.csv", "id,name\n1,a\n");
    folder.write("2.csv", "id,name\n2,b\n");
    const { code } = await folder.copy("?.csv", "all.db#t", "--create", "--columns", "name");
    expect(code).toBe(0);
    expect(folder.rows("all.db", "select * from t")).toEqual([{ name: "a" }, { name: "b" }]);
  });

  it("pages through tables without a key, and keeps the key of others", async () => {
    folder.exec("a.db", "create table t (a text, b text, primary key (b, a))");
    folder.exec("a.db", "insert into t values ('x', '1'), ('y', '2')");
    expect(await folder.copy("a.db#t", "a.db#u", "--create", "--batch-size", "1"))
      .toMatchObject({ code: 0, err: "" });
    expect(folder.rows("a.db", "select * from u")).toEqual([{ a: "x", b: "1" }, {
      a: "y",
      b: "2",
    }]);
    expect(folder.rows("a.db", "select name from pragma_table_info('u') where pk = 1"))
      .toEqual([{ name: "b" }]);
  });

  it("reads a query, which can be resumed by a column", async () => {
    folder.exec("shop.db", table);
    const query = ["--query", "select id, upper(name) as name from users where id < 3"];
    const noted = await folder.copy("shop.db", "to.db#t", "--create", ...query);
    expect(noted.err).toContain("Note: this FROM cannot be resumed");
    const { err } = await folder.copy(
      "shop.db",
      "to.db#u",
      "--create",
      ...query,
      "--order-by",
      "id",
    );
    expect(err).toBe("");
    expect(folder.rows("to.db", "select * from u")).toEqual(
      folder.rows("to.db", "select * from t"),
    );
    await folder.copy("shop.db", "x.csv", ...query);
    expect((await folder.copy("shop.db", "x.csv", ...query)).err)
      .toContain("'TO' must be a new file, or one beside --fresh");
    expect((await folder.copy("shop.db", "x.csv", ...query, "--fresh")).code).toBe(0);
    expect(readFileSync(folder.path("x.csv"), "utf8")).toBe("id,name\r\n1,ADA\r\n2,\r\n");
  });

  it.each([["file"], ["table"]])("puts bad rows into letters: a %s", async (kind) => {
    folder.write("a.csv", "id,name\n1,Ada\nx,Bob\n3\n4,Eve\n");
    const letters = kind === "file" ? "bad.ndjson" : "table";
    const flags = ["--create", "--types", "id=int", "--letters", letters];
    expect(await folder.copy("a.csv", "to.db#t", ...flags)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`, gave up on 2 rows (see ${letters})`),
    });
    expect(folder.rows("to.db", "select id from t")).toEqual([{ id: 1 }, { id: 4 }]);
    const count = kind === "file"
      ? readFileSync(folder.path("bad.ndjson"), "utf8").trim().split("\n").length
      : folder.rows("to.db", "select 1 from millrace_dead_letter").length;
    expect(count).toBe(2);
    expect(await folder.copy("a.csv", "to.db#t", "--types", "id=int")).toMatchObject({
      code: 0,
      out:
        "Nothing to copy: all rows of a.csv are in to.db#t, but for 2 rows that were given up on " +
        "(--fresh copies them again)\n",
    });
  });

  it("heeds --conflict and --unknown", async () => {
    folder.exec("to.db", "create table t (id integer primary key, name text)");
    folder.exec("to.db", "insert into t values (1, 'old')");
    folder.write("a.ndjson", '{"id":1,"name":"new"}\n{"id":2,"name":"b","age":3}\n');
    const copy = (key: string, ...flags: string[]) =>
      folder.copy("a.ndjson", "to.db#t", "--key", key, ...flags);
    expect((await copy("1")).code).toBe(1);
    expect((await copy("2", "--conflict", "ignore", "--unknown", "drop")).code).toBe(0);
    expect(folder.rows("to.db", "select * from t"))
      .toEqual([{ id: 1, name: "old" }, { id: 2, name: "b" }]);
    expect((await copy("3", "--conflict", "replace", "--unknown", "add")).code).toBe(0);
    expect(folder.rows("to.db", "select * from t"))
      .toEqual([{ id: 1, name: "new", age: null }, { id: 2, name: "b", age: 3 }]);
  });

  it("lets only the columns of the first rows into CSV, unless others may be dropped", async () => {
    const lines = Array.from({ length: 1000 }, (_, id) => `{"id":${id}}\n`).join("");
    folder.write("a.ndjson", `${lines}{"id":1000,"late":1}\n`);
    const { code, err } = await folder.copy("a.ndjson", "a.csv");
    expect([code, err]).toEqual([1, expect.stringContaining("current value is late")]);
    expect((await folder.copy("a.ndjson", "b.csv", "--unknown", "drop")).code).toBe(0);
  });

  it("writes an empty file where there are no rows", async () => {
    folder.write("a.csv", "id,name\n");
    expect((await folder.copy("a.csv", "a.json")).code).toBe(0);
    expect(JSON.parse(readFileSync(folder.path("a.json"), "utf8"))).toEqual([]);
  });

  it("copies a header without rows into files and tables, and from there", async () => {
    folder.write("a.csv", 'id,"a ""name"""\n');
    expect((await folder.copy("a.csv", "a.parquet")).code).toBe(0);
    expect((await folder.copy("a.csv", "a.db#t", "--create", "--types", "id=int")).code).toBe(0);
    expect(folder.rows("a.db", "select name, lower(type) as type from pragma_table_info('t')"))
      .toEqual([{ name: "id", type: "integer" }, { name: 'a "name"', type: "text" }]);
    const query = ["--query", "select * from t where false"];
    const sources = { csv: ["a.csv"], parquet: ["a.parquet"], table: ["a.db#t"], query: ["a.db"] };
    for (const [name, from] of Object.entries(sources)) {
      await folder.copy(...from, `of-${name}.csv`, ...(name === "query" ? query : []));
      const text = readFileSync(folder.path(`of-${name}.csv`), "utf8");
      expect([name, text]).toEqual([name, 'id,"a ""name"""\r\n']);
    }
  });

  it("makes no table and no file of nothing", async () => {
    folder.write("a.csv", "");
    for (const to of ["a.db#t", "a.parquet"]) {
      expect(await folder.copy("a.csv", to, ...(to.includes("#") ? ["--create"] : []))).toEqual({
        code: 2,
        out: "",
        err:
          "Cannot copy as 'FROM' must be a source with rows or a header, which tell the columns " +
          'of TO: current value is "a.csv"\n',
      });
      expect(existsSync(folder.path(to.split("#")[0]!))).toBe(false);
    }
  });
});
