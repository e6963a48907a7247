import { expect, it } from "vitest";
import { etl, type LoadContext } from "../../../src/index.ts";
import { KeptLetters } from "../dead-letters/kept-letters.ts";
import { errorOf } from "../outcomes/error-of.ts";

/** A database whose sinks meet rows that have changed. */
export interface DriftBench {
  /**
   * Makes a table of the columns `id` (the key), `name` (a text, not null), `age` (a number) and
   * `level` (a number, by default 7), which takes no value of another type.
   */
  create(): Promise<DriftTable>;
}

/** The table, and sinks of it. */
export interface DriftTable {
  load(options: object): (rows: readonly object[], context: LoadContext) => unknown;
  /** All rows by their id, with the columns that the table has by then. */
  rows(): Promise<unknown[]> | unknown[];
}

type Row = Readonly<Record<string, unknown>>;
/** What becomes of the row: it fails by these words, or is stored so, with that counted. */
type End = RegExp | { readonly stored: Row; readonly drift?: Row };

interface Change {
  readonly row: Row;
  readonly error: End;
  readonly drop: End;
  readonly add: End;
}

const old = (id: number) => ({ id, name: "A", age: 1, level: 2 });
const same = (row: Row, end: End): Change => ({ row, error: end, drop: end, add: end });

/** What each option makes of each change; what a database does in its own way is given. */
function changesOf(own: DriftWords): Readonly<Record<string, Change>> {
  const stored = old(2);
  const { name: _, ...nameless } = stored;
  const { level: __, ...levelless } = stored;
  return {
    "a new property": {
      row: { ...stored, nick: "Bo" },
      error: /property "nick" has no column/,
      drop: { stored, drift: { nick: 1 } },
      add: { stored: { ...stored, nick: "Bo" }, drift: { nick: 1 } },
    },
    "a new property that is null": {
      row: { ...stored, nick: null },
      error: /property "nick" has no column/,
      drop: { stored, drift: { nick: 1 } },
      add: { stored, drift: { nick: 1 } },
    },
    "a new property that is undefined": same({ ...stored, nick: undefined }, { stored }),
    "a new nested object": {
      row: { ...stored, home: { city: "Rome" } },
      error: /property "home" has no column/,
      drop: { stored, drift: { home: 1 } },
      add: own.addsObject
        ? { stored: { ...stored, home: { city: "Rome" } }, drift: { home: 1 } }
        : /column "home" must be .*: current value is an object/,
    },
    "a property that is missing": same(nameless, own.notNull),
    "null in a column that is not null": same({ ...stored, name: null }, own.notNull),
    "a missing property with a default": same(levelless, { stored: { ...stored, level: 7 } }),
    "undefined for a default": same({ ...stored, level: undefined }, {
      stored: { ...stored, level: 7 },
    }),
    "null for a default": same({ ...stored, level: null }, { stored: { ...stored, level: null } }),
    "another type": same({ ...stored, age: "old" }, own.wrongType),
    "a nested object": same(
      { ...stored, name: { first: "B" } },
      /column "name" must be .*: current value is an object/,
    ),
  };
}

/** What a database does in its own way. */
export interface DriftWords {
  readonly notNull: RegExp;
  readonly wrongType: RegExp;
  readonly addsObject: boolean;
}

/** Whatever changes in a row: it fails by name, or is counted, and nothing is lost unseen. */
export function testChangedRows({ create }: DriftBench, words: DriftWords): void {
  const cells = Object.entries(changesOf(words)).flatMap(([change, ends]) =>
    (["error", "drop", "add"] as const).map((unknown) => [change, unknown, ends] as const)
  );

  it.each(cells)("tells of %s, with unknown: %j", async (_, unknown, { row, [unknown]: end }) => {
    const table = await create();
    const run = runOf(table, [old(1), row, old(3)], { unknown });
    if (end instanceof RegExp) {
      expect(textOf(await errorOf(run()))).toMatch(end);
      expect(await table.rows()).toEqual([]);
    } else {
      expect(await run()).toMatchObject({ loaded: 3, drift: end.drift ?? {} });
      expect(await table.rows()).toEqual(rowsWith(end.stored));
    }
  });

  it.each(cells)(
    "keeps a letter for %s, with unknown: %j",
    async (_, unknown, { row, [unknown]: end }) => {
      const table = await create();
      const kept = new KeptLetters<object>();
      const report = await runOf(table, [old(1), row, old(3)], { unknown }, kept)();
      const texts = kept.letters.map(({ item, error }) => [item, textOf(error)]);
      if (end instanceof RegExp) {
        expect(report).toMatchObject({ loaded: 2, deadLettered: 1, drift: {} });
        expect(texts).toEqual([[row, expect.stringMatching(end)]]);
        expect(await table.rows()).toEqual([old(1), old(3)]);
      } else {
        expect(report).toMatchObject({ loaded: 3, drift: end.drift ?? {} });
        expect(texts).toEqual([]);
        expect(await table.rows()).toEqual(rowsWith(end.stored));
      }
    },
  );

  it("needs every given column, whatever its default", async () => {
    const table = await create();
    const kept = new KeptLetters<object>();
    const { level: _, ...without } = old(1);
    const rows = [without, { ...old(2), level: undefined }, { ...old(3), level: null }];
    await runOf(table, rows, { columns: Object.keys(old(1)) }, kept)();
    const needed = expect.stringMatching(/column "level" must be .*: current value is undefined/);
    expect(kept.letters.map(({ error }) => textOf(error))).toEqual([needed, needed]);
    expect(await table.rows()).toEqual([{ ...old(3), level: null }]);
  });
}

/** All of the rows, where other columns are added for one of them. */
function rowsWith(stored: Row): Row[] {
  const added = Object.keys(stored).filter((name) => !(name in old(1)));
  const without = (id: number) => ({
    ...old(id),
    ...Object.fromEntries(added.map((name) => [name, null])),
  });
  return [without(1), stored, without(3)];
}

function runOf(table: DriftTable, rows: object[], options: object, kept?: KeptLetters<object>) {
  const pipeline = etl({ name: "job", extract: () => rows, load: table.load(options) });
  const letters = kept === undefined ? {} : { deadLetters: () => kept.stream };
  return () => pipeline.run({ batchSize: 3, ...letters });
}

/** What an error says, and its causes. */
function textOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause === undefined ? message : `${message}: ${textOf(cause)}`;
}
