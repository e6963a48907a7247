import { fail } from "../../options.ts";
import type { Input } from "../../bytes/input.ts";
import type { Chunks } from "../../streams/chunks.ts";
import { typeNames } from "./columns.ts";
import { call, code, type Import, imported } from "./code.ts";
import type { CopyOptions } from "./copy-options.ts";
import { action, type BytesEndpoint, isPattern, type Row } from "./endpoint.ts";
import type { Format } from "./formats.ts";
import { standardStreams } from "../host-modules.ts";
import { parquetSource } from "./parquet-source.ts";
import type { CopyPlace, OpenSource, SourceCode } from "./parts.ts";
import { fromJson } from "./values.ts";
import { webVersion } from "./web-version.ts";

/** Input, and its name in a program. */
interface ReadInput {
  readonly input: Input;
  readonly expression: string;
  readonly imports: readonly Import[];
  readonly setup: readonly string[];
  readonly repeat: "skip" | "never";
  readonly fingerprint?: string | undefined;
  readonly bytes?: number | undefined;
  readonly told?: Pick<SourceCode, "fingerprint" | "bytes"> | undefined;
}

/** Opens files to be read. */
export async function fileSource(
  from: BytesEndpoint,
  options: CopyOptions,
  place: CopyPlace,
): Promise<OpenSource> {
  if (from.format === "parquet") return await parquetSource(from, options, place);
  const read = await inputOf(from, place);
  const reader = readerOf(from, options);
  const module = await reader.module();
  const names = new Set<string>();
  // What is bad fails in the run, and not before rows that an earlier copy has put into letters.
  const readOptions = { ...reader.options, malformed: "item", ...headerOf(reader, names) };
  return {
    rows: () => module(read.input, readOptions),
    told: () => new Map([...names].map((name) => [name, "text"])),
    repeat: read.repeat === "never" && options.hasOwnKey ? "skip" : read.repeat,
    fingerprint: read.fingerprint,
    bytes: read.bytes,
    steps: reader.isJson || hasJson(options) ? { fromJson } : undefined,
    isLoose: reader.isJson || isPattern(from),
    code: {
      imports: [...read.imports, imported(`millrace/${reader.subpath}`, `{ ${reader.name} }`)],
      setup: read.setup,
      extract: `extract: () => ${
        call(
          `${reader.name}${reader.isJson ? "<Record<string, unknown>>" : ""}`,
          code(read.expression),
          reader.options,
        )
      }`,
      ...read.told,
    },
    close: () => Promise.resolve(),
  };
}

/** The option of CSV by which the names of its columns are noted, also where no row follows. */
function headerOf({ isJson }: Reader, names: Set<string>): object {
  const header = (found: string[]) => {
    for (const name of found) names.add(name);
    return found;
  };
  return isJson ? {} : { header };
}

function hasJson({ types }: CopyOptions): boolean {
  return [...types.values()].includes("json");
}

async function inputOf(from: BytesEndpoint, place: CopyPlace): Promise<ReadInput> {
  if (from.kind === "http") return await webInput(from.url);
  if (from.kind === "standard") {
    const { stdin } = await standardStreams();
    return {
      input: stdin,
      expression: "stdin",
      imports: [imported("node:process", "{ stdin }")],
      setup: [],
      repeat: "never",
    };
  }
  const { openFiles } = await import("../../adapters/file.ts");
  const files = openFiles(place.pathOf(from.path));
  return {
    input: files,
    expression: "files",
    imports: [imported("millrace/file", "{ openFiles }")],
    setup: [`const files = ${call("openFiles", from.path)};`],
    repeat: "skip",
    fingerprint: await files.fingerprint(),
    bytes: await files.bytes(),
    told: { fingerprint: "await files.fingerprint()", bytes: "() => files.bytes()" },
  };
}

/** A file on the web: another one where its ETag, or its date and size, have changed. */
async function webInput(url: string): Promise<ReadInput> {
  const content = async (): Promise<Response> => {
    const response = await fetch(url);
    if (response.ok) return response;
    await response.body?.cancel();
    throw new Error(`Cannot read ${url}: the server answers ${response.status}`);
  };
  return {
    input: { name: url, content },
    expression: "file",
    imports: [],
    setup: [
      "const file = {",
      `  name: ${JSON.stringify(url)},`,
      "  async content() {",
      "    const response = await fetch(this.name);",
      "    if (!response.ok) throw new Error(`${this.name}: the server answers ${response.status}`);",
      "    return response;",
      "  },",
      "};",
    ],
    repeat: "skip",
    fingerprint: await webVersion(url),
  };
}

/** A reader of the package. */
interface Reader {
  readonly name: string;
  readonly subpath: string;
  readonly isJson: boolean;
  readonly options: object;
  module(): Promise<(input: Input, options: object) => Chunks<Row>>;
}

function readerOf(from: BytesEndpoint, options: CopyOptions): Reader {
  const shared = {
    decompress: from.compression === "brotli" ? "brotli" : undefined,
    malformed: options.letters === undefined ? undefined : "item",
  };
  switch (from.format as Exclude<Format, "parquet">) {
    case "ndjson":
      return {
        ...{ name: "readNdjson", subpath: "ndjson", isJson: true, options: shared },
        module: async () => (await import("../../adapters/ndjson.ts")).readNdjson as never,
      };
    case "json":
      return {
        ...{ name: "readJson", subpath: "json", isJson: true, options: shared },
        module: async () => (await import("../../adapters/json.ts")).readJson as never,
      };
    default:
      return {
        ...{ name: "readCsv", subpath: "csv", isJson: false },
        options: { ...csvOptions(from, options), ...shared },
        module: async () => (await import("../../adapters/csv.ts")).readCsv as never,
      };
  }
}

function csvOptions(from: BytesEndpoint, { types }: CopyOptions): object {
  const bytes = [...types].find(([, type]) => type === "bytes")?.[0];
  if (bytes !== undefined) fail(action, `--types ${bytes}`, "a type that CSV can have", "bytes");
  const columns = [...types].map(([name, type]) => [name, typeNames.csv[type]]);
  return {
    delimiter: from.format === "tsv" ? "\t" : undefined,
    empty: null,
    columns: columns.length > 0 ? Object.fromEntries(columns) : undefined,
  };
}
