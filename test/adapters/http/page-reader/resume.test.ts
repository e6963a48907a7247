import { describe, expect, it } from "vitest";
import { type PagesOptions, readPages } from "../../../../src/adapters/http.ts";
import { errorOf } from "../../../support/outcomes/error-of.ts";
import { ListApi, type Row, rowsUpTo } from "../../../support/http/list-api.ts";
import { read } from "../../../support/http/read.ts";

const url = "https://api.example/rows";
const pagesOf = (api: ListApi, more: Partial<PagesOptions<Row>> = {}) =>
  readPages<Row>(url, {
    ...{ next: { offset: "offset" }, items: "$.data", fetch: api.fetch, retry: { maxAttempts: 1 } },
    ...more,
  });
const idsOf = (chunks: readonly Row[][]) => chunks.flat().map(({ id }) => id);
const idsUpTo = (last: number, first = 1) => rowsUpTo(last, first).map(({ id }) => id);

describe("rows that are inserted before the page that is read", () => {
  it("are dropped at the seams, by their key", async () => {
    for (const key of ["id", ({ id }: Row) => `row ${id}`] as const) {
      const api = new ListApi(60);
      let added = 0;
      api.fault = (_, count) => {
        if (count % 2 === 1) return undefined;
        api.rows = [...rowsUpTo(1000 + added + 7, 1000 + added), ...api.rows];
        added += 8;
        return undefined;
      };
      expect(idsOf(await read(pagesOf(api, { key })))).toEqual(idsUpTo(60));
    }
  });

  it("come twice without a key", async () => {
    const api = new ListApi(30);
    api.fault = (_, count) => void (count === 2 && api.rows.unshift({ id: 99 }));
    expect(idsOf(await read(pagesOf(api)))).toEqual([...idsUpTo(10), 10, ...idsUpTo(30, 11)]);
  });

  it.each([1, 9, 10, 25])(
    "move the last item of an earlier run by %i, which is found again",
    async (shift) => {
      const api = new ListApi(60);
      const pages = pagesOf(api, { key: "id" });
      const items = (await read(pages)).flat();
      api.rows = [...rowsUpTo(1000 + shift, 1001), ...api.rows];
      for (const last of [1, 14, 20, 60]) {
        const from = pages.position(items[last - 1]!);
        expect(from).toMatchObject({ key: last });
        expect(idsOf(await read(pagesOf(api, { key: "id", from })))).toEqual(idsUpTo(60, last + 1));
      }
    },
  );

  it("do not hide that the last item is gone: then its place counts", async () => {
    const api = new ListApi(130);
    const pages = pagesOf(api, { key: "id" });
    const from = pages.position((await read(pages)).flat()[14]!);
    api.rows[14] = { id: 999 };
    expect(idsOf(await read(pagesOf(api, { key: "id", from })))).toEqual(idsUpTo(130, 16));
    api.rows.length = 18;
    expect(idsOf(await read(pagesOf(api, { key: "id", from })))).toEqual(idsUpTo(18, 16));
    api.rows.length = 12;
    expect(await read(pagesOf(api, { key: "id", from }))).toEqual([]);
  });
});

describe("lag", () => {
  const lagging = (api: ListApi, from?: unknown) =>
    pagesOf(api, { next: { cursor: "$.meta.next", param: "cursor" }, lag: 2, from });

  it("gives pages again, and what has come late on them", async () => {
    const api = new ListApi(55);
    const first = lagging(api);
    const last = (await read(first)).flat().at(-1)!;
    expect(first.position(last)).toEqual({ token: 50, index: 4, again: 30 });
    api.rows.splice(35, 0, { id: 35.5 });
    api.rows.push(...rowsUpTo(70, 56));
    const pages = lagging(api, first.position(last));
    const items = (await read(pages)).flat();
    const wanted = [...idsUpTo(35, 31), 35.5, ...idsUpTo(70, 36)];
    expect(items.map(({ id }) => id)).toEqual(wanted);
  });

  it("loses none of it by a crash on the way: what is given again has the old position", async () => {
    const api = new ListApi(55);
    const first = lagging(api);
    const from = first.position((await read(first)).flat().at(-1)!);
    api.rows.push(...rowsUpTo(75, 56));
    const pages = lagging(api, from);
    const items = (await read(pages)).flat();
    for (const item of items) {
      if (item.id <= 55) expect(pages.position(item)).toBe(from);
      else expect(pages.position(item)).not.toBe(from);
    }
    expect(pages.position(items.at(-1)!)).toEqual({ token: 70, index: 4, again: 50 });
  });

  it("begins at the first page where there are no others before", async () => {
    const api = new ListApi(15);
    const first = lagging(api);
    const [one, , , , , , , , , , eleven] = (await read(first)).flat();
    expect(first.position(one!)).toEqual({ token: null, index: 0 });
    expect(first.position(eleven!)).toEqual({ token: 10, index: 0, again: null });
    for (const item of [one!, eleven!]) {
      expect(idsOf(await read(lagging(api, first.position(item))))).toEqual(idsUpTo(15));
    }
  });

  it("ends at the page of the position, however near that is to the first", async () => {
    const api = new ListApi(35);
    const first = lagging(api);
    const from = first.position((await read(first)).flat()[10]!);
    const pages = lagging(api, from);
    const items = (await read(pages)).flat();
    const later = items.filter((item) => pages.position(item) !== from);
    expect(later.map(({ id }) => id)).toEqual(idsUpTo(35, 12));
  });

  it("goes on where its page is no longer met", async () => {
    const api = new ListApi(95);
    const first = lagging(api);
    const from = first.position((await read(first)).flat()[54]!);
    api.rows.splice(38, 1); // The cursors after it are others.
    const pages = lagging(api, from);
    const items = (await read(pages)).flat();
    expect(items.map(({ id }) => id)).toEqual([...idsUpTo(38, 31), ...idsUpTo(95, 40)]);
    expect(pages.position(items.at(-1)!)).not.toBe(from);
  });
});

describe("a service that would never end", () => {
  it("is refused where it gives its last page for ever", async () => {
    const rows = rowsUpTo(15);
    const fetch = async (request: Request) => {
      const page = Math.min(2, Number(new URL(request.url).searchParams.get("page")));
      return Response.json(rows.slice(page * 10 - 10, page * 10));
    };
    const given: number[] = [];
    const pages = readPages<Row>(url, { next: { page: "page" }, fetch });
    const reading = (async () => {
      for await (const chunk of pages.source) given.push(...chunk.map(({ id }) => id));
    })();
    expect(await errorOf(reading)).toMatchObject({
      message: `Page ${url}?page=3 has the same items as the page before it`,
    });
    expect(given).toEqual(idsUpTo(15));
    const keyed = readPages<Row>(url, { next: { page: "page" }, fetch, key: "id" });
    expect(await errorOf(read(keyed))).toMatchObject({
      message: `Page ${url}?page=12 is the last of 10 with no item that is new`,
    });
  });

  it.each([
    ["to itself", (n: number) => n],
    ["to the one before", (n: number) => Math.max(1, n === 5 ? 4 : n + 1)],
    ["to the first", (n: number) => n % 5 + 1],
  ])("is refused where a page leads %s, after the page was given", async (_, after) => {
    const fetch = async (request: Request) => {
      const page = Number(new URL(request.url).searchParams.get("page") ?? 1);
      const link = `<?page=${after(page)}>; rel=next`;
      return Response.json([page], { headers: { link } });
    };
    const given: number[] = [];
    const pages = readPages<number>(`${url}?page=1`, { next: "link", fetch });
    const reading = (async () => {
      for await (const chunk of pages.source) given.push(...chunk);
    })();
    const { message } = await errorOf(reading) as Error;
    expect(message).toMatch(/^Page \S+ leads back to a page that was read: "https:\S+page=\d"$/);
    expect(given[0]).toBe(1);
    expect(given.length).toBeLessThan(20);
  });
});

describe("a page that cannot be used", () => {
  const answer = (body: unknown, more: object = {}) =>
    errorOf(
      read(readPages(url, { next: "link", fetch: async () => Response.json(body), ...more })),
    );

  it("is named where it has no items", async () => {
    expect(await answer({ error: "no" })).toMatchObject({
      message: `Page ${url} needs an array of items at $: current value is an object`,
    });
    expect(await answer({ data: null }, { items: "$.data" })).toMatchObject({
      message: `Page ${url} needs an array of items at $.data: current value is null`,
    });
    expect(await answer([], { items: () => 5 })).toMatchObject({
      message: `Page ${url} needs an array of items: current value is 5`,
    });
  });

  it("is not asked for where it is on another origin", async () => {
    const fetch = async () =>
      Response.json([1], { headers: { link: "<https://evil.example/?key=k>; rel=next" } });
    expect(await errorOf(read(readPages(url, { next: "link", fetch })))).toMatchObject({
      message:
        "Page https://evil.example/?key=*** is on another origin, which would be given the " +
        "headers of the first request; to go there, make the requests by a function",
    });
    const asked: string[] = [];
    const open = readPages((page = url) => page as string, {
      next: "link",
      fetch: async (request) => {
        asked.push(request.url);
        return asked.length === 1 ? await fetch() : Response.json([]);
      },
    });
    await read(open);
    expect(asked).toEqual([url, "https://evil.example/?key=k"]);
  });

  it("is refused where it gives an object that was given before", async () => {
    const row = { id: 1 };
    const items = () => [row, { id: 2 }, row];
    expect(await answer([], { items })).toMatchObject({
      message: "Item 2 of a page is an object that was given before: its place can only be told " +
        "with 'positions: true'",
    });
    const pages = readPages(url, {
      next: "link",
      items,
      positions: true,
      fetch: async () => Response.json([]),
    });
    expect((await read(pages)).flat().map(({ position }) => position.index)).toEqual([0, 1, 2]);
    const cached = [row];
    const again = readPages(url, {
      next: "link",
      items: () => cached,
      fetch: async () => Response.json([]),
    });
    for (const _ of [1, 2]) expect(await read(again)).toEqual([cached]); // Each reading begins anew.
  });

  it("does not hide what a function of the user throws, and is not asked for again", async () => {
    let asked = 0;
    const bug = new TypeError("a bug");
    const fetch = async () => (asked++, Response.json([]));
    const items = () => {
      throw bug;
    };
    expect(await errorOf(read(readPages(url, { next: "link", fetch, items })))).toBe(bug);
    expect(asked).toBe(1);
  });
});
