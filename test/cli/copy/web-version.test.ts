import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as hyparquetWriter from "hyparquet-writer";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeParquet } from "../../../src/adapters/parquet.ts";
import { fileParts } from "../../../src/bytes/row-encoder.ts";
import { copyFolder } from "../../support/cli/copy.ts";

/** A file in which decimals are multiplied by 0.01, and times have microseconds. */
function parquet(precision: number): Uint8Array {
  const columns = { price: { type: "DECIMAL", precision, scale: 2 } } as const;
  const format = encodeParquet<{ price: string }>({ hyparquetWriter, columns });
  const parts = fileParts(format, [{ price: "1.10" }, { price: "-0.07" }]);
  return Buffer.concat(parts.map((part) => typeof part === "string" ? Buffer.from(part) : part));
}

describe("millrace copy from the web", () => {
  const folder = copyFolder();
  let server: Server;
  let url = "";
  let tag = "";
  let asked: (() => void) | undefined;
  const files: Record<string, Uint8Array> = {
    "/a.csv.gz": gzipSync("id,name\n1,Ada\n2,\n"),
    "/prices.parquet": parquet(9),
    "/slow.csv": Buffer.from("id\n1\n2\n3\n"),
  };
  beforeAll(async () => {
    server = createServer(({ url = "", method, headers }, response) => {
      const file = files[url];
      if (tag !== "") response.setHeader("etag", tag);
      if (url === "/slow.csv" && method === "GET" && asked) {
        response.write("id\n1\n2\n"); // The rest does not come.
        return asked();
      }
      if (file === undefined) return void response.writeHead(404).end("no");
      const [, from, to] = /bytes=(\d+)-(\d*)/.exec(headers.range ?? "") ?? [];
      const part = from === undefined
        ? file
        : file.subarray(Number(from), to ? Number(to) + 1 : undefined);
      response.writeHead(from === undefined ? 200 : 206, { "content-length": part.length });
      response.end(method === "HEAD" ? undefined : part);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it("copies a file, and knows its version by its ETag", async () => {
    tag = '"1"';
    expect(await folder.copy(`${url}/a.csv.gz`, "a.ndjson")).toMatchObject({ code: 0, err: "" });
    expect(readFileSync(folder.path("a.ndjson"), "utf8"))
      .toBe('{"id":"1","name":"Ada"}\n{"id":"2","name":null}\n');
    expect((await folder.copy(`${url}/a.csv.gz`, "a.ndjson")).out).toContain("Nothing to copy");
    tag = '"2"';
    expect((await folder.copy(`${url}/a.csv.gz`, "a.ndjson")).err).toContain(
      'current value is "another version"',
    );
  });

  it("names a file that is missing", async () => {
    const { code, err } = await folder.copy(`${url}/none.csv`, "none.ndjson");
    expect([code, err]).toEqual([1, expect.stringContaining("the server answers 404")]);
  });

  it("copies Parquet, whose decimals keep their value", async () => {
    expect(await folder.copy(`${url}/prices.parquet`, "p.json")).toMatchObject({
      code: 0,
      err: "",
    });
    expect(JSON.parse(readFileSync(folder.path("p.json"), "utf8")))
      .toEqual([{ price: 1.1 }, { price: -0.07 }]);
    folder.write("large.parquet", parquet(17));
    expect(await folder.copy("large.parquet", "l.json")).toMatchObject({
      code: 2,
      err: expect.stringContaining('decimals have at most 15 digits: current value is "price: 17"'),
    });
  });

  it("stops at Ctrl-C while it waits, and goes on from there", async () => {
    tag = '"1"';
    const isAsked = new Promise<void>((resolve) => void (asked = resolve));
    const { terminal, ended } = folder.start(`${url}/slow.csv`, "slow.ndjson");
    await isAsked;
    while (terminal.listeners() === 0) await new Promise((resolve) => setTimeout(resolve));
    terminal.interrupt();
    expect(await ended).toBe(3);
    expect(terminal.out()).toMatch(
      /^Stopped after \d rows?.+The same command goes on from there\n$/,
    );
    expect(terminal.listeners()).toBe(0);
    asked = undefined;
    expect((await folder.copy(`${url}/slow.csv`, "slow.ndjson")).code).toBe(0);
    expect(readFileSync(folder.path("slow.ndjson"), "utf8"))
      .toBe('{"id":"1"}\n{"id":"2"}\n{"id":"3"}\n');
  });
});
