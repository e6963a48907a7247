import { EtlError, messageOf } from "../../errors.ts";
import { fail } from "../../options.ts";
import type { ReadParquetOptions } from "../../adapters/parquet.ts";
import type { Chunks } from "../../streams/chunks.ts";
import { call, code, imported } from "./code.ts";
import type { CopyOptions } from "./copy-options.ts";
import { action, type BytesEndpoint, isPattern, type Row } from "./endpoint.ts";
import type { CopyPlace, OpenSource, SourceCode } from "./parts.ts";
import { userPackage } from "../user-packages.ts";
import { exactTimes, fromParquet } from "./values.ts";
import { webVersion } from "./web-version.ts";

type Hyparquet = ReadParquetOptions["hyparquet"] & {
  asyncBufferFromUrl(options: { url: string }): Promise<File>;
};

/** A file of which any bytes can be read. */
interface File {
  readonly byteLength: number;
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** Input, and its name in a program. */
interface Opened {
  readonly files: readonly File[];
  readonly input: AsyncIterable<File & { readonly name: string }> | File;
  readonly fingerprint: string | undefined;
  readonly bytes: number;
  readonly code: Pick<SourceCode, "imports" | "setup" | "fingerprint" | "bytes">;
}

/** Opens Parquet files to be read. */
export async function parquetSource(
  from: BytesEndpoint,
  options: CopyOptions,
  place: CopyPlace,
): Promise<OpenSource> {
  if (from.kind === "standard") fail(action, "FROM", 'a file or a URL for Parquet, not "-"', "-");
  const hyparquet = await userPackage<Hyparquet>("hyparquet", "Parquet", place.folder);
  const opened = from.kind === "http"
    ? await webFile(from.url, hyparquet)
    : await hostFiles(from.path, place);
  const { readParquet } = await import("../../adapters/parquet.ts");
  const schema = await schemaOf(opened.files, hyparquet).catch((error) => {
    const message = `Cannot read ${JSON.stringify(options.shown.from)} as Parquet`;
    throw new EtlError(`${message}: ${messageOf(error)}`, { cause: error });
  });
  const kinds = decimalsOf(schema, options.columns);
  const read = { columns: options.columns, parsers: exactTimes };
  return {
    rows: () => readParquet(opened.input as never, { hyparquet, ...read }) as Chunks<Row>,
    told: () => new Map(columnsIn(schema).map((name) => [name, undefined])),
    repeat: "skip",
    fingerprint: opened.fingerprint,
    bytes: opened.bytes,
    steps: Object.keys(kinds).length > 0 ? { fromParquet } : undefined,
    kinds,
    isLoose: isPattern(from),
    code: codeOf(opened.code, options.columns),
    close: () => Promise.resolve(),
  };
}

function codeOf(opened: Opened["code"], columns: readonly string[] | undefined): SourceCode {
  const names = Object.keys(exactTimes);
  const parsers = names.map((name) => {
    const parser = String(exactTimes[name]).replace(/^\((\w+)\) =>/, "($1: bigint) =>");
    return `const ${name} = ${parser.replaceAll("\n  ", "\n")};`; // They stand in an object.
  });
  const read = call("readParquet", code("files"), {
    hyparquet: code("hyparquet"),
    columns,
    parsers: Object.fromEntries(names.map((name) => [name, code(name)])),
  });
  return {
    ...opened,
    imports: [
      ...opened.imports,
      imported("hyparquet", "* as hyparquet"),
      imported("millrace/parquet", "{ readParquet }"),
    ],
    setup: [...opened.setup, "// Times finer than a Date stay texts.", ...parsers],
    extract: `extract: () => ${read}`,
  };
}

async function hostFiles(path: string, place: CopyPlace): Promise<Opened> {
  const { openFiles } = await import("../../adapters/file.ts");
  const input = openFiles(place.pathOf(path));
  return {
    files: await input.list(),
    input,
    fingerprint: await input.fingerprint(),
    bytes: await input.bytes(),
    code: {
      imports: [imported("millrace/file", "{ openFiles }")],
      setup: [`const files = ${call("openFiles", path)};`],
      fingerprint: "await files.fingerprint()",
      bytes: "() => files.bytes()",
    },
  };
}

async function webFile(url: string, hyparquet: Hyparquet): Promise<Opened> {
  const input = await hyparquet.asyncBufferFromUrl({ url });
  return {
    files: [input],
    input,
    fingerprint: await webVersion(url),
    bytes: input.byteLength,
    code: {
      imports: [],
      setup: [`const files = await hyparquet.asyncBufferFromUrl(${JSON.stringify({ url })});`],
    },
  };
}

interface Element {
  readonly name: string;
  readonly num_children?: number;
  readonly converted_type?: string;
  readonly scale?: number;
  readonly precision?: number;
}

/** The schemas of all files, each with its root first. */
async function schemaOf(
  files: readonly File[],
  hyparquet: Hyparquet,
): Promise<(readonly Element[])[]> {
  const schemas: (readonly Element[])[] = [];
  for (const file of files) {
    const { schema } = await hyparquet.parquetMetadataAsync(file);
    schemas.push(schema as readonly Element[]);
  }
  return schemas;
}

/** The names of the columns; what stands within one is passed over. */
function columnsIn(schemas: readonly (readonly Element[])[]): string[] {
  return schemas.flatMap(([, ...elements]) => {
    let inner = 0;
    return elements.filter(({ num_children: children = 0 }) => {
      const isColumn = inner === 0;
      inner += children - (isColumn ? 0 : 1);
      return isColumn;
    }).map(({ name }) => name);
  });
}

/** The digits behind the point of decimals, which hyparquet multiplies into numbers. */
function decimalsOf(
  schemas: readonly (readonly Element[])[],
  columns: readonly string[] | undefined,
): Record<string, string> {
  const scales: Record<string, string> = {};
  for (const { name, converted_type, scale = 0, precision = 0 } of schemas.flat()) {
    if (converted_type !== "DECIMAL" || columns?.includes(name) === false) continue;
    if (precision > 15) {
      const rule = "a file whose decimals have at most 15 digits";
      fail(action, "FROM", rule, `${name}: ${precision}`);
    }
    scales[name] = String(scale);
  }
  return scales;
}
