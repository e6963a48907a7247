import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeItem, encodeItem } from "../../src/dead-letters/dead-letter-json.ts";

const pass = (value: unknown) => decodeItem(encodeItem(value));

interface Cell {
  readonly id: number;
  readonly near: Cell[];
}

/** The cells of a grid, each of which knows its neighbours. */
function gridOf(width: number): Cell[] {
  const cells = Array.from({ length: width ** 2 }, (_, id): Cell => ({ id, near: [] }));
  for (const { id, near } of cells) {
    const isFirst = id % width === 0;
    const isLast = id % width === width - 1;
    const ids = [id - width, id + width, ...(isFirst ? [] : [id - 1]), ...(isLast ? [] : [id + 1])];
    near.push(...ids.flatMap((other) => cells[other] ?? []));
  }
  return cells;
}

/** All cells that can be reached from one. */
function reachedFrom(first: Cell): Map<number, Cell> {
  const found = new Map([[first.id, first]]);
  for (const [, { near }] of found) {
    for (const cell of near) if (!found.has(cell.id)) found.set(cell.id, cell);
  }
  return found;
}

describe("A dead letter whose objects refer to each other", () => {
  it("grows with the number of objects, and restores all of them", () => {
    const sizes = [5, 10, 40].map((width) => {
      const cells = gridOf(width);
      const text = encodeItem(cells[0]);
      const found = reachedFrom(decodeItem(text) as Cell);
      expect(found.size).toBe(cells.length);
      for (const [id, { near }] of found) {
        expect(near.map((cell) => cell.id)).toEqual(cells[id]!.near.map((cell) => cell.id));
        for (const cell of near) expect(cell).toBe(found.get(cell.id));
      }
      return text.length / cells.length;
    });
    for (const size of sizes) expect(size).toBeLessThan(160);
  });

  it("restores objects that contain themselves", () => {
    const circle: Record<string, unknown> = { name: "circle" };
    circle["self"] = [circle];
    const found = pass(circle) as { self: unknown[] };
    expect(found).toStrictEqual(circle);
    expect(found.self[0]).toBe(found);

    const map = new Map<unknown, unknown>();
    map.set(map, new Set([map]));
    const foundMap = pass(map) as Map<unknown, Set<unknown>>;
    expect([...foundMap.keys()][0]).toBe(foundMap);
    expect([...foundMap.values()][0]!.has(foundMap)).toBe(true);

    const error = new AggregateError([], "all", { cause: new Error("one") });
    error.errors.push(error);
    (error.cause as Error).cause = error;
    const foundError = pass(error) as AggregateError;
    expect(foundError.errors[0]).toBe(foundError);
    expect((foundError.cause as Error).cause).toBe(foundError);

    const list: unknown[] = [, 1]; // deno-lint-ignore-line no-sparse-arrays
    list.push(list, { $: list });
    const foundList = pass(list) as unknown[];
    expect([0 in foundList, foundList[2] === foundList]).toEqual([false, true]);
    expect((foundList[3] as { $: unknown }).$).toBe(foundList);
  });

  it("writes a shared value as plain JSON if it is small, wherever it is", () => {
    const shared = { n: 1n, tags: ["a"] };
    const item = { left: shared, right: shared, all: [shared] };
    expect(encodeItem(item)).not.toContain("ref");
    expect(pass(item)).toStrictEqual(item);
  });

  it.each([
    ["each is held twice by the one before", 2],
    ["each is held seven times by the one before", 7],
  ])("does not grow with the number of paths to an object: %s", (_, times) => {
    let value: unknown = "bottom";
    for (let level = 0; level < 100; level++) value = Array.from({ length: times }, () => value);
    const text = encodeItem(value);
    expect(text.length).toBeLessThan(100 * times * 40);
    let found = decodeItem(text);
    for (let level = 0; level < 100; level++) found = (found as unknown[])[times - 1];
    expect(found).toBe("bottom");
  });

  it("keeps the nearest objects of a path that is deeper than the limit", () => {
    interface Link {
      readonly place: number;
      next?: Link | string;
      before?: Link;
    }
    const links = Array.from({ length: 1000 }, (_, place): Link => ({ place }));
    links.forEach((link, place) => {
      if (place > 0) link.before = links[place - 1]!;
      if (place < 999) link.next = links[place + 1]!;
    });
    let found = pass(links[0]) as Link | string | undefined;
    for (let place = 0; place < 400; place++) {
      expect((found as Link).place).toBe(place);
      found = (found as Link).next;
    }
    expect(found).toBe("[nested too deeply]");
  });

  it("is restored unchanged, whatever refers to what", () => {
    const shape = fc.array(fc.array(fc.nat(11), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(shape, (ways) => {
        const nodes = ways.map((_, id) => ({ id, to: [] as unknown[] }));
        nodes.forEach(({ to }, id) => to.push(...ways[id]!.map((at) => nodes[at % nodes.length])));
        const found = pass(nodes) as typeof nodes;
        const idsOf = (all: typeof nodes) =>
          all.map(({ id, to }) => [id, ...to.map((node) => (node as { id: number }).id)]);
        expect(idsOf(found)).toEqual(idsOf(nodes));
        expect(encodeItem(found)).toBe(encodeItem(nodes));
      }),
      { seed: 20_261_128, numRuns: 200 },
    );
  });
});

describe("A dead letter that would be too long", () => {
  it.each<[string, unknown, unknown]>([
    ["a text", ["x".repeat(300), 1], [
      "[a string of 300 characters is left out, as the letter is too long]",
      1,
    ]],
    ["bytes", [new Uint8Array(300), 1], ["[300 bytes are left out, as the letter is too long]", 1]],
    ["a bigint", [10n ** 300n], [
      "[a bigint of 301 characters is left out, as the letter is too long]",
    ]],
  ])("has a note in place of %s, and keeps the rest", (_, item, expected) => {
    expect(decodeItem(encodeItem(item, 200))).toStrictEqual(expected);
  });

  it("says how many members are left out", () => {
    const words = (count: number) => `[${count} more are left out, as the letter is too long]`;
    const list = Array.from({ length: 100 }, (_, n) => n);
    const kept = decodeItem(encodeItem(list, 200)) as unknown[];
    expect(kept).toStrictEqual([...list.slice(0, kept.length - 1), words(101 - kept.length)]);

    const object = Object.fromEntries(list.map((n) => [`key${n}`, n]));
    const { "…": rest, ...members } = decodeItem(encodeItem(object, 200)) as Record<
      string,
      unknown
    >;
    expect(object).toMatchObject(members);
    expect(rest).toBe(words(100 - Object.keys(members).length));

    const set = [...decodeItem(encodeItem(new Set(list), 200)) as Set<unknown>];
    expect(set.at(-1)).toBe(words(101 - set.length));
    const map = decodeItem(encodeItem(new Map(list.map((n) => [n, n])), 200)) as Map<
      unknown,
      unknown
    >;
    expect([...map.keys()].at(-1)).toBe(words(101 - map.size));
  });

  it("keeps shallow members before deeper ones", () => {
    const item = {
      deep: { list: Array.from({ length: 100 }, (_, n) => n) },
      near: "here",
      last: 1,
    };
    expect(decodeItem(encodeItem(item, 200))).toMatchObject({ near: "here", last: 1 });
  });

  it("is bounded even if a getter returns new objects without end", () => {
    class Endless {
      get left(): Endless {
        return new Endless();
      }
    }
    const item = () => Object.defineProperty({}, "next", { get: item, enumerable: true });
    const wide = (): object => ({
      get a() {
        return wide();
      },
      get b() {
        return wide();
      },
    }); // deno-fmt-ignore-line
    expect(encodeItem(new Endless())).toBe('{"$":"note","value":"[an instance of Endless]"}');
    expect(encodeItem(item()).length).toBeLessThan(20_000);
    expect(encodeItem(wide(), 50_000).length).toBeLessThan(200_000);
  });
});
