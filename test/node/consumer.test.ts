import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries } from "../../scripts/entries.mjs";
import { installPacked } from "../../scripts/packed.mjs";

/** What a user writes: every kind of thing that is exported, by the name of the package. */
const consumer = `
import {
  batched, BucketStream, chunks, etl, EtlManager, LoaderStream, ParallelMapStream, PipelineError, skip,
  type ManagerReport, type Pipeline, type RunReport, type Source,
} from "millrace";

const source: Source<number> = [1, 2, 3];
const users = etl({
  name: "users",
  extract: () => source,
  transform: (n) => n > 1 ? String(n) : skip,
  load: async (rows, { signal, batch }) => console.log(rows.join(), signal.aborted, batch.size),
});
export const report: Promise<RunReport> = users.run({ batchSize: 2, signal: AbortSignal.timeout(5) });
export const all: Promise<ManagerReport> = new EtlManager({ workers: 2 }).add(users).runAll();
export const upper: ReadableStream<string[]> = batched(chunks([["a"]]))
  .pipeThrough(new ParallelMapStream((batch: string[]) => batch.map((word) => word.toUpperCase())));
export const piped: Promise<void> = new ReadableStream<number>()
  .pipeThrough(new BucketStream<number>({ batchSize: 2 }))
  .pipeTo(new LoaderStream((batch: number[]) => batch.length));
export class Copy implements Pipeline<number> {
  readonly name = "copy";
  extract = () => source;
  load(items: number[]): void { items.pop(); }
}
export const stageOf = (error: unknown) => error instanceof PipelineError ? error.stage : undefined;
// @ts-expect-error No such option.
users.run({ batchsize: 2 });
`;

/** Rows that lack a column. */
const misfits = `
import { etl } from "millrace";
import { postgresSink } from "millrace/postgres";
import { sqliteSink } from "millrace/sqlite";

const one = sqliteSink({} as never, { table: "t", columns: ["id", "name"] });
export const shown: 0 = one;
etl({ name: "t", extract: () => [1], transform: (id) => ({ id }), load: one.load });

const parent = { table: "t", on: { t_id: "id" } } as const;
const tables = { t: { columns: ["id"] }, u: { columns: ["t_id", "v", "w"], parent }, w: {} } as const;
const trees = postgresSink({} as never, { tables });
export const shownTrees: 0 = trees;
etl({ name: "t", extract: () => [1], transform: (v) => ({ u: { v } }), load: trees.load });
`;

/** What the compiler says of them in the end. */
const misfitWords = [
  `Type 'SqliteSink<RowWith<"id" | "name">, void>' is not assignable to type '0'.`,
  "Property 'name' is missing in type '{ id: number; }' but required in type " +
  "'{ readonly id: unknown; readonly name: unknown; }'.",
  `Type 'PostgresSink<RowsByTable<{ t: "id"; u: "v" | "w"; w: never; }>>' is not assignable ` +
  "to type '0'.",
  "Property 'w' is missing in type '{ v: number; }' but required in type " +
  "'{ readonly v: unknown; readonly w: unknown; }'.",
];

/** Every entry of the package. */
const everything = entries.map(({ specifier }, index) =>
  `export * as entry${index} from "${specifier}";\n`
).join("");

const platforms: Record<string, { lib: string[]; types: string[]; typeRoots?: string[] }> = {
  "a page": { lib: ["ES2022", "DOM"], types: [] },
  "a worker": { lib: ["ES2022", "WebWorker"], types: [] },
  "Node": { lib: ["ES2022"], types: ["node"], typeRoots: [resolve("node_modules/@types")] },
};

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: "ES2022",
};

const resolutions: Record<string, { module: string; moduleResolution: string }> = {
  nodenext: { module: "NodeNext", moduleResolution: "NodeNext" },
  bundler: { module: "ESNext", moduleResolution: "Bundler" },
};

/** What the compiler says about a consumer: nothing, if all is well. */
function compile(folder: string): string {
  try {
    execFileSync(execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", folder], {
      encoding: "utf8",
    });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("the type declarations of the package", () => {
  let folder = "";
  beforeAll(() => {
    folder = installPacked();
    writeFileSync(join(folder, "package.json"), `{ "type": "module", "private": true }`);
    writeFileSync(join(folder, "main.ts"), consumer);
    writeFileSync(join(folder, "all.ts"), everything);
    writeFileSync(join(folder, "wrong.ts"), `import { nothing } from "millrace";\nnothing();\n`);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function check(file: string, platform: string, resolution: string): string {
    const options = { ...compilerOptions, ...platforms[platform], ...resolutions[resolution] };
    const config = { compilerOptions: options, files: [file, "all.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    return compile(folder);
  }

  it.each([
    ["a page", "nodenext"],
    ["a page", "bundler"],
    ["a worker", "nodenext"],
    ["Node", "nodenext"],
    ["Node", "bundler"],
  ])("compile for %s, with all libraries checked (%s)", (platform, resolution) => {
    expect(check("main.ts", platform, resolution)).toBe("");
  }, 180_000);

  it("say which column rows lack, of types that can be read", () => {
    writeFileSync(join(folder, "rows.ts"), misfits);
    const said = check("rows.ts", "a page", "nodenext");
    for (const words of misfitWords) expect(said).toContain(words);
  }, 180_000);

  it("are not just `any`", () => {
    const said = check("wrong.ts", "a page", "nodenext");
    expect(said).toContain(`Module '"millrace"' has no exported member 'nothing'`);
  }, 180_000);
});
