import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Scanner } from "../../../src/adapters/csv/scanner.ts";

interface Seen {
  readonly found: string;
  readonly line: number;
  readonly raw: string;
  readonly fields?: readonly (string | null)[];
  readonly broken?: unknown;
}

interface Told {
  readonly delimiter?: string;
  readonly comment?: string;
  readonly empty?: "" | null;
  readonly maxBytes?: number;
}

/** All that is found in a text that comes in pieces. */
function scan(pieces: readonly string[], told: Told = {}): Seen[] {
  const scanner = new Scanner({ delimiter: ",", empty: "", maxBytes: Infinity, ...told });
  const seen: Seen[] = [];
  const take = () => {
    for (let found = scanner.find(); found !== "more"; found = scanner.find()) {
      const { line, raw, broken, count } = scanner;
      seen.push(
        found === "broken"
          ? { found, line, raw, broken }
          : { found, line, raw, fields: scanner.fields.slice(0, count) },
      );
    }
  };
  for (const piece of pieces) {
    scanner.push(piece, false);
    take();
  }
  scanner.push("", true);
  take();
  return seen;
}

const fieldsOf = (text: string, told?: Told) => scan([text], told).map(({ fields }) => fields);

describe("Scanner", () => {
  it.each([
    ["nothing", "", []],
    ["a last record without a line break", "a,b\nc,d", [["a", "b"], ["c", "d"]]],
    ["LF, CRLF and CR", "a\nb\r\nc\rd\r", [["a"], ["b"], ["c"], ["d"]]],
    ["blank lines", "\n\r\na\n\n\r\rb\n\n", [["a"], ["b"]]],
    ["quotes", '"a,b","c\r\nd","e""f"\n', [["a,b", "c\r\nd", 'e"f']]],
    ["quotes at the end", '"a"\n"b"', [["a"], ["b"]]],
    ["quotes inside", 'a"b,5" pipe,"x"\n', [['a"b', '5" pipe', "x"]]],
    ["blanks after a quote", '"a" ,"b"\t\n', [["a", "b"]]],
    ["fields without text", ',"",\n', [["", "", ""]]],
    ["a doubled quote alone", '""""\n', [['"']]],
  ])("takes %s", (_, text, expected) => expect(fieldsOf(text)).toEqual(expected));

  it("tells an empty field from a quoted one", () => {
    expect(fieldsOf(',"",a,\n,\n', { empty: null })).toEqual([[null, "", "a", null], [null, null]]);
  });

  it("takes a delimiter of several characters, and one that is a tab", () => {
    expect(fieldsOf('a||"b"||c|\n', { delimiter: "||" })).toEqual([["a", "b", "c|"]]);
    expect(fieldsOf('a\t"b"\t\n', { delimiter: "\t" })).toEqual([["a", "b", ""]]);
  });

  it("leaves out comments, also with quotes, and at the end", () => {
    const text = '#"a\n# b\r\na,#b\n"#c",d\n#';
    expect(fieldsOf(text, { comment: "#" })).toEqual([["a", "#b"], ["#c", "d"]]);
  });

  it("counts physical lines", () => {
    const seen = scan(['a\r\n\r\n"b\r\nb\rb\nb"\n#x\nc\n'], { comment: "#" });
    expect(seen.map(({ line }) => line)).toEqual([1, 3, 8]);
  });
});

describe("Scanner: a record that is broken", () => {
  it("goes on at the line after the one that opened a quote that is not closed", () => {
    expect(scan(['a,b\n"x\ny",c,"d\ne,f\ng,h\n'])).toEqual([
      { found: "record", line: 1, raw: "a,b", fields: ["a", "b"] },
      {
        found: "broken",
        line: 2,
        raw: '"x\ny",c,"d',
        broken: { kind: "unclosed", line: 3, field: 2 },
      },
      { found: "record", line: 4, raw: "e,f", fields: ["e", "f"] },
      { found: "record", line: 5, raw: "g,h", fields: ["g", "h"] },
    ]);
  });

  it("goes on there, too, where the next quote shows that it was not closed", () => {
    const seen = scan(['a,"b\nc,d\n"e",f\n']);
    expect(seen.map(({ raw }) => raw)).toEqual(['a,"b', "c,d", '"e",f']);
    expect(seen[0]!.broken).toEqual({ kind: "after", line: 1, field: 1 });
  });

  it("gives up on a quote that is open after so many bytes", () => {
    const text = `a\n"b\n${"c\n".repeat(5)}d"\n`;
    expect(scan([text], { maxBytes: 15 }).map(({ found }) => found)).toHaveLength(2);
    const seen = scan([text], { maxBytes: 10 });
    expect(seen.map(({ found, line, raw }) => [found, line, raw])).toEqual([
      ["record", 1, "a"],
      ["broken", 2, '"b'],
      ...[3, 4, 5, 6, 7].map((line) => ["record", line, "c"]),
      ["record", 8, 'd"'],
    ]);
  });

  it("leaves out the rest of a line that is too long", () => {
    const seen = scan(["a\n", "b".repeat(2_000), "b".repeat(9), "\r", "\nc\n"], {
      maxBytes: 1_500,
    });
    expect(seen.map(({ line, raw }) => [line, raw.length])).toEqual([[1, 1], [2, 1_000], [3, 1]]);
    expect(seen[1]!.broken).toEqual({ kind: "long", line: 2, field: 0 });
  });

  it("counts bytes, not characters", () => {
    expect(scan(["äöü\n"], { maxBytes: 6 })[0]!.found).toBe("record");
    expect(scan(["äöü\n"], { maxBytes: 5 })[0]!.found).toBe("broken");
    expect(scan(["😀\n"], { maxBytes: 4 })[0]!.found).toBe("record");
    expect(scan(["😀\n"], { maxBytes: 3 })[0]!.found).toBe("broken");
  });
});

describe("Scanner: pieces", () => {
  const text = fc.array(
    fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "a", "ä", " ", "#", ',"', '",', "bcd"),
    { maxLength: 40 },
  ).map((parts) => parts.join(""));
  const told = fc.record({
    maxBytes: fc.constantFrom(3, 7, 12, Infinity),
    comment: fc.constantFrom("#", "##"),
  });

  it("gives the same wherever the text is cut", () => {
    const splitsAlike = fc.property(text, told, (whole, options) => {
      const expected = scan([whole], options);
      for (let at = 1; at < whole.length; at++) {
        expect(scan([whole.slice(0, at), whole.slice(at)], options)).toEqual(expected);
      }
      expect(scan([...whole], options)).toEqual(expected);
    });
    fc.assert(splitsAlike, { seed: 4180, numRuns: 100 });
  });

  it("looks at a long record again only when its text has doubled", () => {
    const scanner = new Scanner({ delimiter: ",", empty: "", maxBytes: Infinity });
    let looks = 0;
    scanner.push('"', false);
    for (let index = 0; index < 400; index++) {
      const { text } = scanner;
      scanner.push('""x\n'.repeat(250), false);
      expect(scanner.find()).toBe("more");
      if (scanner.text.length > text.length) looks++;
    }
    expect(looks).toBeLessThan(70);
    scanner.push('"', true);
    expect(scanner.find()).toBe("record");
    expect(scanner.fields[0]).toHaveLength(400 * 250 * 3);
  });
});
