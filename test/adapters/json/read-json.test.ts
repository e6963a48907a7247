import { describe, expect, it } from "vitest";
import { compress } from "../../../src/adapters/compression.ts";
import { readJson, type ReadJsonOptions } from "../../../src/adapters/json.ts";
import { etl } from "../../../src/index.ts";
import { told } from "../../support/told.ts";

const read = (input: Parameters<typeof readJson>[0], options?: ReadJsonOptions) =>
  told(readJson(input, options as object));
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What a document gives, which is the same however it is split. */
async function split(text: string, options?: ReadJsonOptions): Promise<unknown[]> {
  const bytes = bytesOf(text);
  const whole = await read([bytes], options);
  for (let at = 0; at <= bytes.length; at++) {
    const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(await read(chunks, options), `split at ${at}`).toEqual(whole);
  }
  return whole;
}

describe("readJson", () => {
  it.each<[string, string | undefined, unknown[]]>([
    ["[]", undefined, []],
    [' [ 1 , "é\\"]😀" , [ ] , {"a":[{}]} , null ] ', undefined, [
      1,
      'é"]😀',
      [],
      { a: [{}] },
      null,
    ]],
    ["\uFEFF[1,\r\n2]", undefined, [1, 2]],
    ['{"a":1}', "$", [{ a: 1 }]],
    ["-1.5e3", "$", [-1500]],
    ['"x"', "$", ["x"]],
    ['{"n":[1,{}],"data":[{"id":1},{"id":2}],"m":"x\\u0041"}', "$.data[*]", [{ id: 1 }, { id: 2 }]],
    ['{"data":{"rows":[7]}}', '$["data"].rows[0]', [7]],
    ['{"a":[{"b":[1,2]},{"b":[]},{"c":[9]},{"b":[3]}]}', "$.a[*].b[*]", [1, 2, 3]],
    ['[{"id":1,"x":[5]},{"id":2}]', "$[*].id", [1, 2]],
    ['{"a":[null,{"b":null},{"b":[1]}]}', "$.a[*].b[*]", [1]],
    ['{"a b":{"c-d":[true]}}', "$['a b'].c-d[*]", [true]],
    ['{"a":{"data":[1]},"data":[2]}', "$.data[*]", [2]],
    ["[[1,2],[3]]", "$[*][*]", [1, 2, 3]],
    ["[[1,2],[3]]", "$[0]", [[1, 2]]],
  ])("reads %j at %s", async (text, path, expected) => {
    expect(await split(text, { path })).toEqual(expected);
  });

  it.each<[string, string | undefined, unknown[], string]>([
    ["", undefined, [], "unexpected end of the document (line 1, byte 0)"],
    ["[1,\n2", undefined, [1], "unexpected end of the document (line 2, byte 5)"],
    ['[1,{"a":', undefined, [1], "unexpected end of the document (line 1, byte 8)"],
    ["[1] 2", undefined, [1], "further text follows the document (line 1, byte 4)"],
    ["[1 2]", undefined, [1], 'unexpected "2" (line 1, byte 3)'],
    ["[1,]", undefined, [1], 'unexpected "]" (line 1, byte 3)'],
    ['[1,{"a":2]]', undefined, [1], 'unexpected "]" (line 1, byte 9)'],
    ['{"a":{},}', "$.a", [{}], 'unexpected "}" (line 1, byte 8)'],
    ['{"a" 1}', "$.a", [], 'unexpected "1" (line 1, byte 5)'],
    ["{a:1}", "$.a", [], 'unexpected "a" (line 1, byte 1)'],
    ['{"b":1}', "$.a[*]", [], "there is nothing at $.a[*] (line 1, byte 7)"],
    ["[1]", "$[1]", [], "there is nothing at $[1] (line 1, byte 3)"],
    ['{"error":"no"}', undefined, [], "$ must be an array (line 1, byte 0)"],
    ['{"data":null}', "$.data[*]", [], "$.data must be an array (line 1, byte 8)"],
    ["[1]", "$.data", [], "$ must be an object (line 1, byte 0)"],
    ['{"a":[{"b":1}]}', "$.a[*].b[*]", [], "$.a[*].b must be an array (line 1, byte 11)"],
  ])("fails at %j with the path %s", async (text, path, before, words) => {
    const expected = [...before, `RecordError: Cannot read document as JSON: ${words}`];
    expect(await split(text, { path })).toEqual(
      expected.map((item) => typeof item === "string" ? item.replace(/ \((.*)\)$/, " ($1)") : item),
    );
  });

  it.each([
    '{"b":tru,"a":1}',
    '{"b":"\\x","a":1}',
    '{"b":"\n","a":1}',
    '{"b":01,"a":1}',
    '{"\\u":1,"a":1}',
  ])(
    "fails at %j, whose wrong value the path passes by",
    async (text) => {
      const [error] = await read([text], { path: "$.a" });
      expect(error).toMatch(/^RecordError: Cannot read document as JSON: .*\(line 1, byte [15]\)$/);
    },
  );

  it("gives the records around one that is malformed, with its text", async () => {
    const text = '[{"id":1},\n {"id":tru}, {"id":3}]';
    const given = await split(text, { malformed: "item" });
    expect(given).toEqual([{ id: 1 }, expect.any(Error), { id: 3 }]);
    expect(given[1]).toMatchObject({ raw: '{"id":tru}', cause: { line: 2, byte: 12 } });
    const failed = await read({ name: "a.json", content: [text] });
    expect(failed[0]).toEqual({ id: 1 });
    expect(failed[1]).toMatch(
      /^RecordError: Cannot read record as JSON: .+ \(a\.json, line 2, byte 12\): current value is "\{\\"id\\":tru\}"$/,
    );
  });

  it("tells where the records are", async () => {
    expect(await split('[1,\n  {"a":\n2} ,"é"]', { positions: true })).toEqual([
      { value: 1, line: 1, end: 2 },
      { value: { a: 2 }, line: 2, end: 14 },
      { value: "é", line: 3, end: 20 },
    ]);
  });

  it("refuses a record of too many bytes, and goes on after it", async () => {
    const text = '["1234","12345678",[1,2],[1,2,3,4,5]]';
    const given = await split(text, { malformed: "item", maxRecordBytes: 6 });
    expect(given).toEqual(["1234", expect.any(Error), [1, 2], expect.any(Error)]);
    const [first, error] = await read([text], { maxRecordBytes: 6 });
    expect([first, error]).toEqual([
      "1234",
      expect.stringMatching(
        /^RecordError: Cannot read record: it is longer than 6 bytes, which is 'max/,
      ),
    ]);
  });

  it("reads UTF-16, and tells bytes that are not of the encoding", async () => {
    const wide = Uint8Array.from([...'\uFEFF["é"]'].flatMap((char) => [0, char.charCodeAt(0)]));
    wide.set([0xFE, 0xFF]);
    expect(await read([wide.subarray(0, 5), wide.subarray(5)])).toEqual(["é"]);
    const latin = Uint8Array.from('["_",1]', (char) => char === "_" ? 0xE9 : char.charCodeAt(0));
    expect(await read([latin], { encoding: "latin1" })).toEqual(["é", 1]);
    expect(await read([latin])).toEqual([
      expect.stringMatching(/^RecordError: Cannot read record as JSON/),
    ]);
  });

  it("decompresses, and gives the records before a cut", async () => {
    const list = Array.from({ length: 500 }, (_, id) => ({ id, n: id * id % 97 }));
    const text = new Blob([JSON.stringify(list)]);
    const packed = await new Response(text.stream().pipeThrough(compress("gzip"))).bytes();
    expect(await read(packed)).toEqual(list);
    const given = await read([packed.subarray(0, -9)]);
    expect(given.length).toBeGreaterThan(400);
    expect(given.at(-1)).toMatch(/^InputError: Cannot read gzip data: /);
  });

  it("is a source of a run", async () => {
    const loaded: unknown[] = [];
    const response = new Response('{"items":[1,2,3]}');
    await etl<number>({
      name: "numbers",
      extract: () => readJson<number>(response, { path: "$.items[*]" }),
      load: (rows) => void loaded.push(...rows),
    }).run({ batchSize: 10 });
    expect(loaded).toEqual([1, 2, 3]);
  });

  it.each(["data[*]", "$..a", "$[-1]", "$[1:2]", "$[?(@.a)]", "$.*", "$[", "$.", '$["a]', "", 5])(
    "refuses the path %j",
    (path) => {
      expect(() => readJson(["[]"], { path: path as string })).toThrow(
        "Cannot read JSON as 'path' must be a path of names, indexes and [*], such as $.data[*] or ",
      );
    },
  );
});
