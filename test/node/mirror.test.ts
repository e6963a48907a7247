import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { describe, expect, it } from "vitest";

/** Rooms of tests that follow no file: what is promised there is kept by many of them. */
const scenarios: Readonly<Record<string, string>> = {
  "run/checkpoints": "what a run and its store do together: resume, fencing, outages, crashes",
};

/** Parts that only show through another one: the test that fails without them. */
const provenBy: Readonly<Record<string, string>> = {
  "adapters/cloudflare/checkpoints": "adapters/cloudflare/sink",
  "adapters/cloudflare/d1": "adapters/cloudflare/sink",
  "adapters/cloudflare/database": "adapters/cloudflare/sink",
  "adapters/cloudflare/dead-letters": "adapters/cloudflare/sink",
  "adapters/cloudflare/durable-object": "adapters/cloudflare/d1-sink",
  "adapters/cloudflare/durable-object-sink": "adapters/cloudflare/d1-sink",
  "adapters/cloudflare/row-writer": "adapters/cloudflare/sink",
  "adapters/cloudflare/sink-options": "adapters/cloudflare/d1-sink",
  "adapters/cloudflare/step-token": "adapters/cloudflare/run-step",
  "adapters/cloudflare/statements": "adapters/cloudflare/tree-step",
  "adapters/cloudflare/transaction": "adapters/cloudflare/sink",
  "adapters/cloudflare/tree-writer": "adapters/cloudflare/tree-step",
  "adapters/duckdb/client": "adapters/duckdb/checkpoints",
  "adapters/duckdb/given-rows": "adapters/duckdb/tree-step",
  "adapters/duckdb/known-table": "adapters/duckdb/insert",
  "adapters/duckdb/names": "adapters/duckdb/writer",
  "adapters/duckdb/own-values": "adapters/duckdb/source",
  "adapters/duckdb/row-writer": "adapters/duckdb/tree-step",
  "adapters/duckdb/rows": "adapters/duckdb/writer",
  "adapters/duckdb/sink-options": "adapters/duckdb/writer",
  "adapters/duckdb/tables-options": "adapters/duckdb/transaction",
  "adapters/duckdb/tree-repeats": "adapters/duckdb/tree-step",
  "adapters/duckdb/tree-statements": "adapters/duckdb/tree-step",
  "adapters/duckdb/tree-writer": "adapters/duckdb/tree-step",
  "adapters/duckdb/types": "adapters/duckdb/values",
  "adapters/file/file-bytes": "adapters/file/open-files",
  "adapters/file/sink-options": "adapters/file/sink",
  "adapters/http/page-request": "adapters/http/read-pages/read-pages",
  "adapters/http/row-body": "adapters/http/sink",
  "adapters/json/json-parser": "adapters/json/read-json",
  "adapters/json/json-path": "adapters/json/read-json",
  "adapters/json/line-count": "adapters/json/read-json",
  "adapters/jobs/counts": "adapters/jobs/work",
  "adapters/jobs/job": "adapters/jobs/work",
  "adapters/jobs/partition-run": "adapters/jobs/work",
  "adapters/jobs/transient": "adapters/jobs/work",
  "adapters/json/record-batch": "adapters/json/read-json",
  "adapters/json/utf8-source": "adapters/json/read-json",
  "adapters/json/value-scanner": "adapters/json/read-json",
  "adapters/nats/client": "adapters/nats/checkpoint-store",
  "adapters/nats/fetches": "adapters/nats/source",
  "adapters/nats/job-mirror": "adapters/nats/job-store",
  "adapters/nats/job-values": "adapters/nats/job-store",
  "adapters/nats/kept-key": "adapters/nats/checkpoint-store",
  "adapters/nats/kept-value": "adapters/nats/checkpoint-store",
  "adapters/nats/marked-stream": "adapters/nats/sink",
  "adapters/nats/partition-lease": "adapters/nats/job-store",
  "adapters/nats/sink-checkpoints": "adapters/nats/sink",
  "adapters/nats/stored-job": "adapters/nats/job-store",
  "adapters/object/encode-part": "adapters/object/sink",
  "adapters/object/kept-folder": "adapters/object/sink",
  "adapters/object/object-error": "adapters/object/s3-store",
  "adapters/object/sink-options": "adapters/object/sink",
  "adapters/object/store": "adapters/object/read-object",
  "adapters/object/store-of": "adapters/object/read-object",
  "adapters/otel/instrumented-etl": "adapters/otel/instrumented-pipeline",
  "adapters/otel/meters": "adapters/otel/instrument/instrument",
  "adapters/otel/scope": "adapters/otel/instrument/instrument",
  "adapters/operators/branch": "adapters/operators/broadcast",
  "adapters/operators/branch-failure": "adapters/operators/broadcast",
  "adapters/operators/call-options": "adapters/operators/map",
  "adapters/operators/call-reader": "adapters/operators/map",
  "adapters/operators/chain": "adapters/operators/pipe",
  "adapters/operators/concat": "adapters/operators/merge",
  "adapters/operators/heads": "adapters/operators/zip",
  "adapters/operators/item-reader": "adapters/operators/pipe",
  "adapters/operators/lookup-options": "adapters/operators/lookup",
  "adapters/operators/lookup-reader": "adapters/operators/lookup",
  "adapters/operators/operator": "adapters/operators/pipe",
  "adapters/operators/patient-reader": "adapters/operators/window",
  "adapters/operators/runs-at-work": "adapters/operators/lag",
  "adapters/operators/source": "adapters/operators/pipe",
  "adapters/operators/source-error": "adapters/operators/inputs",
  "adapters/operators/source-reader": "adapters/operators/pipe",
  "adapters/operators/stage": "adapters/operators/pipe",
  "adapters/operators/steps": "adapters/operators/map",
  "adapters/operators/taken-rows": "adapters/operators/fan-out",
  "adapters/parquet/bounds": "adapters/parquet/encode-parquet",
  "adapters/parquet/column-types": "adapters/parquet/encode-parquet",
  "adapters/parquet/columns": "adapters/parquet/encode-parquet",
  "adapters/parquet/group-streams": "adapters/parquet/encode-parquet",
  "adapters/parquet/hyparquet": "adapters/parquet/read-parquet",
  "adapters/parquet/hyparquet-writer": "adapters/parquet/encode-parquet",
  "adapters/parquet/read-options": "adapters/parquet/read-parquet",
  "adapters/parquet/row-group": "adapters/parquet/encode-parquet",
  "adapters/parquet/rows": "adapters/parquet/read-parquet",
  "adapters/operators/timed-reader": "adapters/operators/window",
  "adapters/operators/until-reader": "adapters/operators/take",
  "adapters/postgres/bookkeeping": "adapters/postgres/commit/marks",
  "adapters/postgres/client": "adapters/postgres/sink-options",
  "adapters/postgres/clients/bun-sql": "adapters/postgres/sink",
  "adapters/postgres/clients/pg": "adapters/postgres/sink",
  "adapters/postgres/clients/pg-cancel": "adapters/postgres/writer",
  "adapters/postgres/clients/pg-link": "adapters/postgres/writer",
  "adapters/postgres/clients/pg-listen": "adapters/postgres/job-store",
  "adapters/postgres/clients/pglite": "adapters/postgres/sink",
  "adapters/postgres/clients/postgres-js": "adapters/postgres/sink",
  "adapters/postgres/clients/statements": "adapters/postgres/writer",
  "adapters/postgres/copy": "adapters/postgres/insert",
  "adapters/postgres/dead-letters": "adapters/postgres/commit/answers",
  "adapters/postgres/one-table": "adapters/postgres/writer",
  "adapters/postgres/rows": "adapters/postgres/insert",
  "adapters/postgres/source/cursor": "adapters/postgres/source/source",
  "adapters/postgres/source/layout": "adapters/postgres/source/key",
  "adapters/postgres/source/page": "adapters/postgres/source/pages",
  "adapters/postgres/source/settled-floor": "adapters/postgres/source/settled",
  "adapters/postgres/source/start": "adapters/postgres/source/settled",
  "adapters/postgres/partition-rows": "adapters/postgres/job-store",
  "adapters/postgres/stored-partitions": "adapters/postgres/job-store",
  "adapters/postgres/table/columns": "adapters/postgres/values",
  "adapters/postgres/table/target": "adapters/postgres/known-table",
  "adapters/postgres/table/types": "adapters/postgres/values",
  "adapters/postgres/tables/bound": "adapters/postgres/tables/deletes",
  "adapters/postgres/tables/known-tables": "adapters/postgres/tables/sender",
  "adapters/postgres/tables/of-table": "adapters/postgres/tables/sender",
  "adapters/postgres/tables/step": "adapters/postgres/tables/sender",
  "adapters/postgres/write-options": "adapters/postgres/tables/write",
  "adapters/progress/payload": "adapters/progress/bar-display",
  "adapters/report/charts": "adapters/report/render-report",
  "adapters/report/page": "adapters/report/render-report",
  "adapters/report/pipeline-row": "adapters/report/diagram",
  "adapters/report/run-section": "adapters/report/render-report",
  "adapters/report/style": "adapters/report/render-report",
  "adapters/report/theme": "adapters/report/render-report",
  "adapters/report/tiles": "adapters/report/render-report",
  "adapters/report/waterfall": "adapters/report/render-report",
  "sql/sqlite/below": "adapters/sqlite/tree-step",
  "sql/sqlite/insert": "adapters/sqlite/known-table",
  "sql/sqlite/letter-table": "adapters/sqlite/dead-letters",
  "adapters/sqlite/row-writer": "adapters/sqlite/tree-writer",
  "adapters/sqlite/tables-options": "adapters/sqlite/transaction",
  "adapters/sqlite/tree-statements": "adapters/sqlite/tree-step",
  "adapters/sqlite/turns": "adapters/sqlite/transaction",
  "adapters/sqlite/key-json": "adapters/sqlite/split-by-key",
  "adapters/testing/checkpoint-claims": "adapters/testing/checkpoint-store",
  "adapters/testing/expectations": "adapters/testing/sink",
  "adapters/testing/lost-leases": "adapters/testing/job-store",
  "adapters/testing/new-key": "adapters/testing/checkpoint-store",
  "adapters/testing/sink-marks": "adapters/testing/sink",
  "adapters/testing/sink-uses": "adapters/testing/sink",
  "adapters/testing/tested-job": "adapters/testing/job-store",
  "adapters/testing/tested-sink": "adapters/testing/sink",
  "adapters/testing/tested-tables": "adapters/testing/sink-tables",
  "adapters/testing/tested-source": "adapters/testing/source",
  "adapters/threads/call": "adapters/threads/pool",
  "adapters/threads/host-thread": "adapters/threads/in-threads/in-threads",
  "adapters/threads/messages": "adapters/threads/in-threads/in-threads",
  "adapters/threads/pool-thread": "adapters/threads/pool",
  "adapters/threads/reasons": "adapters/threads/in-threads/losses",
  "adapters/threads/results": "adapters/threads/in-threads/ends",
  "adapters/threads/server": "adapters/threads/in-threads/in-threads",
  "adapters/threads/map-all": "adapters/threads/inline",
  "adapters/threads/packed-error": "adapters/threads/in-threads/in-threads",
  "adapters/threads/thread": "adapters/threads/in-threads/options",
  "adapters/threads/thread-error": "adapters/threads/in-threads/in-threads",
  "adapters/threads/thread-port": "adapters/threads/in-threads/in-threads",
  "bytes/compress": "adapters/compression/compress",
  "bytes/decoder": "bytes/decompress",
  "bytes/feed": "bytes/input",
  "bytes/file/appended-file": "adapters/file/sink",
  "bytes/file/checkpoints": "adapters/file/sink",
  "bytes/file/file-lock": "adapters/file/file-checkpoint-store",
  "bytes/file/file-mark": "adapters/file/sink",
  "bytes/file/file-system": "adapters/file/file-checkpoint-store",
  "bytes/file/kept-file": "adapters/file/file-checkpoint-store",
  "bytes/file/sink": "adapters/file/sink",
  "bytes/json-text": "adapters/ndjson/encode-ndjson",
  "bytes/line-parser": "adapters/ndjson/read-ndjson",
  "bytes/read-lines": "adapters/ndjson/lines",
  "bytes/joined": "bytes/lines",
  "bytes/sink-format": "adapters/object/sink",
  "bytes/zlib-transform": "bytes/decompress",
  "bytes/zstd-decoder": "bytes/decompress",
  "cli/arguments": "cli/main",
  "cli/command": "cli/main",
  "cli/commands": "cli/main",
  ...Object.fromEntries(
    (
      "apart code columns create-table encoding file-source file-target formats marks " +
      "parquet-source plan postgres-client postgres-source postgres-target program " +
      "row-mapper run-copy sample sqlite-source sqlite-target stream-target"
    ).split(" ").map((name) => [`cli/copy/${name}`, "cli/copy/copy-command"]),
  ),
  "cli/help": "cli/main",
  "cli/is-program": "once/cli",
  "cli/checkpoints/folder-store": "cli/checkpoints/checkpoints-command",
  "cli/checkpoints/postgres-store": "cli/checkpoints/checkpoints-command",
  "cli/checkpoints/read-kept": "cli/checkpoints/checkpoints-command",
  "cli/checkpoints/sqlite-store": "cli/checkpoints/checkpoints-command",
  "cli/follow-options": "cli/run/run-command",
  "cli/follow-run": "cli/run/run-command",
  "cli/host-modules": "cli/run/run-command",
  "cli/interrupts": "cli/run/run-command",
  "cli/outcome": "cli/run/run-command",
  "cli/page-file": "cli/run/write-report",
  "cli/run/dry-run": "cli/run/run-command",
  "cli/run/limit": "cli/run/run-command",
  "cli/run/run-job": "cli/run/run-command",
  "cli/run/run-manager": "cli/run/run-command",
  "cli/run/runnable": "cli/run/run-command",
  "cli/run/set-options": "cli/run/run-command",
  "cli/run/wrapped": "cli/run/run-command",
  "cli/version": "cli/main",
  "pipeline/retry-by-stage": "run/source-retry",
  "run/batch": "run/trace",
  "run/run-context": "run/batch-load/retry-limits",
  "run/run-resources": "run/checkpoints/resume",
  "runtime/waiting": "adapters/postgres/writer",
  "sql/tables-options": "adapters/sqlite/transaction",
  "runtime/take-turns": "adapters/postgres/commit/marks",
};

/** The TypeScript files below a folder, without their ending, with slashes. */
function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => path.slice(0, -ending.length).replaceAll("\\", "/"));
}

/** Whether something is left to call: neither types alone, nor a door that passes on. */
function hasBehaviour(source: string): boolean {
  const code = stripTypeScriptTypes(source).replaceAll(/\/\*[\s\S]*?\*\//g, "");
  return /^export +(?:default|async|function|class|const|let)\b/m.test(code);
}

const sources = filesIn("src", ".ts")
  .filter((path) => hasBehaviour(readFileSync(`src/${path}.ts`, "utf8")));
/** What a test file is called after: `a/b` of `a/b.test.ts`, `a/b.property.test.ts`, `a/b.cases.ts`. */
const tests = [...filesIn("test", ".test.ts"), ...filesIn("test", ".cases.ts")]
  .map((path) => path.replace(/\.property$/, ""));
const rooms = new Set(
  readdirSync("src", { withFileTypes: true }).map(({ name }) => name.replace(/\.ts$/, "")),
);

const isProved = (source: string, among: readonly string[]) =>
  among.some((test) => test === source || test.startsWith(`${source}/`));

describe("test/ mirrors src/", () => {
  it("has a test for each source file that has something to call", () => {
    const missing = sources.filter((source) => !isProved(source, tests) && !(source in provenBy));
    const sentences = missing.map((path) =>
      `src/${path}.ts has no test: create test/${path}.test.ts, or the folder test/${path}/; ` +
      `test/${path}.cases.ts if test/node/ and others have to run it`
    );
    expect(sentences).toEqual([]);
  });

  it("has no test for a source file that is not there", () => {
    const stale = tests.filter((test) => rooms.has(test.split("/")[0]!))
      .filter((test) => !sources.some((source) => isProved(source, [test])))
      .filter((test) => !Object.keys(scenarios).some((folder) => test.startsWith(`${folder}/`)));
    const sentences = stale.map((path) =>
      `test/${path} is called after no source file: move it to test/‹path in src›.test.ts, or ` +
      "into the folder test/‹path in src›/"
    );
    expect(sentences).toEqual([]);
  });

  it("names no exception that is none any more", () => {
    const past = Object.entries(provenBy).filter(([source, test]) =>
      !sources.includes(source) || isProved(source, tests) || !tests.includes(test)
    );
    const empty = Object.keys(scenarios).filter((folder) =>
      !tests.some((test) => test.startsWith(`${folder}/`))
    );
    expect([past, empty]).toEqual([[], []]);
  });

  it.each([
    ["export interface A {}\nexport type B = A;", false],
    ['export { a } from "./a.ts";', false],
    ['import type { A } from "./a.ts";\nexport declare const a: A;', false],
    ["/**\n * ```ts\nexport const a = 1;\n * ```\n */\nexport type A = 1;", false],
    ["export const a = 1;", true],
    ["export async function f(): Promise<void> {}", true],
    ["export abstract class A {}", true],
  ])("%j has something to call: %o", (source, expected) => {
    expect(hasBehaviour(source)).toBe(expected);
  });
});
