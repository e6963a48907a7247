import { describe, expect, it } from "vitest";
import { isTransient, readPages } from "../../../../src/adapters/http.ts";
import type { NextPage, PagesOptions } from "../../../../src/adapters/http.ts";
import { etl, MemoryCheckpointStore, type RunReport } from "../../../../src/index.ts";
import { errorOf } from "../../../support/outcomes/error-of.ts";
import { ListApi, type Row, rowsUpTo } from "../../../support/http/list-api.ts";
import { read } from "../../../support/http/read.ts";

const ways: readonly (readonly [string, string, NextPage])[] = [
  ["links", "?offset=0", "link"],
  ["links to cursors", "?cursor=0", "link"],
  ["cursors", "", { cursor: "$.meta.next", param: "cursor" }],
  ["addresses in the body", "?page=1", { url: "$.meta.url" }],
  ["offsets", "", { offset: "offset" }],
  ["offsets, and a size", "", { offset: "offset", size: 10 }],
  ["numbers", "", { page: "page" }],
  ["numbers, and a size", "?page=1", { page: "page", size: 10 }],
  ["a function", "?page=1", (_response, body) => (body as { meta: { url?: string } }).meta.url],
];

const pagesOf = (
  api: ListApi,
  query: string,
  next: NextPage,
  more: Partial<PagesOptions<Row>> = {},
) =>
  readPages<Row>(`https://api.example/rows${query}`, {
    ...{ next, items: "$.data", fetch: api.fetch, retry: { baseDelay: 0 } },
    ...more,
  });

describe.each(ways)("readPages, by %s", (_, query, next) => {
  it.each([0, 1, 9, 10, 11, 35])(
    "gives each of %i rows once, a chunk for each page",
    async (length) => {
      const api = new ListApi(length);
      const chunks = await read(pagesOf(api, query, next));
      expect(chunks.flat()).toEqual(api.rows);
      expect(chunks.map(({ length }) => length).slice(0, -1)).toEqual(
        chunks.slice(1).map(() => 10),
      );
    },
  );

  it("goes on after any item, and asks for no page before", async () => {
    const api = new ListApi(25);
    const pages = pagesOf(api, query, next);
    for (const item of (await read(pages)).flat()) {
      const position: unknown = JSON.parse(JSON.stringify(pages.position(item)));
      api.asked.length = 0;
      const rest = await read(pages.extract({ checkpoint: checkpointAt(position) }));
      expect(rest.flat()).toEqual(rowsUpTo(25, item.id + 1));
      const left = 3 - Math.floor((item.id - 1) / 10);
      expect(api.asked.length).toBeLessThanOrEqual(left + 1); // An empty one may tell the end.
      expect(await read(pagesOf(api, query, next, { from: position }))).toEqual(rest);
    }
  });

  it("finds rows that come after the last one", async () => {
    const api = new ListApi(20);
    const pages = pagesOf(api, query, next);
    const last = (await read(pages)).flat().at(-1)!;
    api.rows = rowsUpTo(42);
    const position = pages.position(last);
    const more = await read(pages.extract({ checkpoint: checkpointAt(position) }));
    expect(more.flat()).toEqual(rowsUpTo(42, 21));
  });
});

function checkpointAt(position: unknown) {
  return { offset: 1, done: [], position, updatedAt: 0 };
}

describe("a run over pages", () => {
  const runs = [[7, 1], [7, 4], [2, 2], [25, 3], [10, 1]] as const;

  it.each(runs)(
    "that failed goes on with no row lost or twice (batches of %i, %i workers)",
    async (batchSize, workers) => {
      const api = new ListApi(60);
      const pages = pagesOf(api, "", { cursor: "$.meta.next", param: "cursor" });
      const loaded: number[] = [];
      const checkpoints = new MemoryCheckpointStore();
      let calls = 0;
      const run = async (): Promise<RunReport> =>
        await etl({
          name: "rows",
          extract: pages.extract,
          load: async (rows: Row[]) => {
            if (++calls === 3) throw new Error("down");
            await undefined;
            loaded.push(...rows.map(({ id }) => id));
          },
        }).run({ batchSize, workers, checkpoints, ...pages.runOptions });
      expect(await errorOf(run())).toMatchObject({ stage: "load" });
      await run();
      expect(loaded.toSorted((a, b) => a - b)).toEqual(api.rows.map(({ id }) => id));
    },
  );

  it("goes on where it was when the source is opened again", async () => {
    const api = new ListApi(45);
    api.fault = (_, count) => count % 3 === 2 ? new Response("", { status: 503 }) : undefined;
    const next = { cursor: "$.meta.next", param: "cursor" } as const;
    const pages = pagesOf(api, "", next, { retry: { maxAttempts: 1 } });
    const loaded: Row[] = [];
    const report = await etl({
      name: "rows",
      extract: pages.extract,
      load: (rows: Row[]) => void loaded.push(...rows),
    }).run({
      ...{ batchSize: 7, checkpoints: new MemoryCheckpointStore(), ...pages.runOptions },
      retry: { extract: { maxAttempts: 3, baseDelay: 0, isRetriable: isTransient } },
    });
    expect(loaded).toEqual(api.rows);
    expect(report).toMatchObject({ loaded: 45, retries: 4 });
    expect(pages.retries()).toBe(0);
  });

  it("reads them anew each time where nothing is kept", async () => {
    const api = new ListApi(12);
    const loaded: Row[] = [];
    const rows = etl({
      name: "rows",
      extract: pagesOf(api, "", { page: "page" }).extract,
      load: (rows: Row[]) => void loaded.push(...rows),
    });
    await rows.run();
    await rows.run();
    expect(loaded).toEqual([...api.rows, ...api.rows]);
  });
});

describe("readPages", () => {
  it("gives items with their positions", async () => {
    const fetch = async () => Response.json(["a", "b"]);
    const pages = readPages<string>("https://api.example/", {
      next: "link",
      fetch,
      positions: true,
    });
    const token = "https://api.example/";
    const items = (await read(pages)).flat();
    expect(items).toEqual([
      { value: "a", position: { token, index: 0 } },
      { value: "b", position: { token, index: 1 } },
    ]);
    expect(pages.position(items[1]!)).toBe(items[1]!.position);
  });

  it("takes a function that makes the request for each page", async () => {
    const bodies: unknown[] = [];
    const api = new ListApi(25);
    const pages = readPages(
      (cursor?: number) =>
        new Request("https://api.example/rows", {
          method: "POST",
          body: JSON.stringify({ cursor }),
        }),
      {
        next: { cursor: "$.meta.next" },
        items: (body: { data: Row[] }) => body.data,
        fetch: async (request) => {
          const { cursor = 0 } = await request.json();
          bodies.push(cursor);
          return await api.fetch(new Request(`https://api.example/rows?cursor=${cursor}`));
        },
      },
    );
    const items = (await read(pages)).flat();
    expect(items).toEqual(api.rows);
    expect(bodies).toEqual([0, 10, 20]);
    const checkpoint = checkpointAt(pages.position(items[14]!));
    expect((await read(pages.extract({ checkpoint }))).flat()).toEqual(rowsUpTo(25, 16));
    expect(bodies.slice(3)).toEqual([10, 20]);
  });

  it("hands the token of a function to the one that makes the requests", async () => {
    const pages = readPages<number>(
      (month?: { year: number }) => `https://api.example/${month?.year}`,
      {
        next: (_, body) => (body as number[])[0] === 1 ? { year: 2 } : null,
        fetch: async ({ url }) => Response.json([url.endsWith("2") ? 2 : 1]),
      },
    );
    expect(await read(pages)).toEqual([[1], [2]]);
  });

  it("sends headers and options with each request", async () => {
    const api = new ListApi(20);
    const seen: (string | null)[] = [];
    api.fault = ({ headers }) => void seen.push(headers.get("authorization"), headers.get("x-a"));
    const first = new Request("https://api.example/rows", { headers: { "x-a": "1" } });
    const init = { headers: { authorization: "Bearer x", "x-a": "1" } };
    await read(
      readPages(first, { next: { page: "page" }, items: "$.data[*]", init, fetch: api.fetch }),
    );
    expect(seen).toEqual(["Bearer x", "1", "Bearer x", "1", "Bearer x", "1"]);
  });

  it("tells the total that the service says", async () => {
    const ways = [
      "$.meta.total",
      { header: "X-Total-Count" },
      (_: Response, body: unknown) => (body as { meta: { total: number } }).meta.total,
    ] as const;
    for (const total of ways) {
      const pages = pagesOf(new ListApi(25), "", { page: "page" }, { total });
      expect(pages.total()).toBeUndefined();
      await read(pages);
      expect(pages.total()).toBe(25);
    }
    const none = pagesOf(new ListApi(5), "", { page: "page" }, { total: { header: "x-none" } });
    await read(none);
    expect(none.total()).toBeUndefined();
  });

  it("reads a body as it is told to", async () => {
    const lines = ["1\n2", "3"];
    const pages = readPages<number>("https://api.example/", {
      next: () => lines.length > 0 ? `/${lines.length}` : undefined,
      body: async (response) => (await response.text()).split("\n").map(Number),
      fetch: async () => new Response(lines.shift()),
    });
    expect(await read(pages)).toEqual([[1, 2], [3]]);
  });

  it("takes an answer without content for a page without items", async () => {
    const fetch = async () => new Response(null, { status: 204 });
    expect(await read(readPages("https://api.example/", { next: "link", fetch }))).toEqual([]);
  });
});
