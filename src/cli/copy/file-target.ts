import { fail } from "../../options.ts";
import type { RowEncoder } from "../../bytes/row-encoder.ts";
import type { HyparquetWriter } from "../../adapters/parquet/hyparquet-writer.ts";
import { call, code } from "./code.ts";
import { typeNames } from "./columns.ts";
import type { CopyOptions } from "./copy-options.ts";
import { action, type FileEndpoint, type Row, type StandardEndpoint } from "./endpoint.ts";
import { fileSystem, standardStreams } from "./host.ts";
import type { CopyPlace, Facts, OpenSource, OpenTarget } from "./parts.ts";
import { userPackage } from "./user-packages.ts";
import { toCsv, toJson } from "./values.ts";

/** How rows become bytes, and how a program says it. */
interface Encoding {
  readonly format: RowEncoder<Row>;
  readonly expression: string;
  readonly imports: readonly string[];
  readonly steps: OpenTarget["steps"];
}

/** Opens a file, or standard output, to be written. */
export async function fileTarget(
  to: FileEndpoint | StandardEndpoint,
  options: CopyOptions,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
  repeat: OpenSource["repeat"],
): Promise<OpenTarget> {
  if (to.kind === "standard") return await standardTarget(to, place, factsOf);
  if (to.compression === "brotli") {
    fail(action, "TO", "a file in .gz or .zst, as .br cannot be continued", to.path);
  }
  const path = place.pathOf(to.path);
  if (repeat === "never" && !options.fresh && (await fileSystem()).existsSync(path)) {
    fail(action, "TO", "a new file, or one beside --fresh, as FROM cannot be resumed", to.path);
  }
  const encoding = await encodingOf(to, place, factsOf);
  const { fileSink } = await import("../../adapters/file.ts");
  const settings = {
    compress: to.compression === "none" ? undefined : to.compression as "gzip" | "zstd",
    exists: options.fresh ? "replace" as const : undefined,
  };
  const sink = fileSink<Row>(path, { format: encoding.format, ...settings });
  return {
    load: sink.load,
    checkpoints: sink.checkpoints,
    end: (context) => sink.writeEmpty(context),
    steps: encoding.steps,
    code: {
      imports: ['import { fileSink } from "millrace/file";', ...encoding.imports],
      setup: [
        `const sink = ${
          call("fileSink", to.path, { format: code(encoding.expression), ...settings })
        };`,
      ],
      load: "load: sink.load",
      end: "postProcess: sink.writeEmpty",
    },
    close: () => Promise.resolve(),
  };
}

async function standardTarget(
  to: StandardEndpoint,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
): Promise<OpenTarget> {
  const { format, expression, imports, steps } = await encodingOf(to, place, factsOf);
  const { stdout } = await standardStreams();
  const { compress } = await import("../../adapters/compression.ts");
  const isCompressed = to.compression !== "none";
  const bytes = isCompressed
    ? format.readable.pipeThrough(compress(to.compression as "gzip"))
    : format.readable;
  const writer = format.writable.getWriter();
  const output = new WritableStream<Uint8Array>({
    write: (chunk) =>
      new Promise((resolve, reject) =>
        stdout.write(chunk, (error) => error ? reject(error) : resolve())
      ),
  });
  const written = bytes.pipeTo(output);
  written.catch(() => {}); // Who writes next is told as well.
  return {
    load: (rows) => writer.write(rows as never),
    end: async () => {
      await writer.close();
      await written;
    },
    steps,
    code: {
      imports: [
        ...imports,
        'import process from "node:process";',
        ...(isCompressed ? ['import { compress } from "millrace/compression";'] : []),
      ],
      setup: [
        `const encoder = ${expression};`,
        "const rows = encoder.writable.getWriter();",
        `const written = encoder.readable${
          isCompressed ? `.pipeThrough(compress("${to.compression}"))` : ""
        }.pipeTo(new WritableStream({`,
        "  write: (bytes) =>",
        "    new Promise<void>((resolve, reject) => {",
        "      process.stdout.write(bytes, (error) => error ? reject(error) : resolve());",
        "    }),",
        "}));",
      ],
      load: "load: (batch) => rows.write(batch)",
      end: "async postProcess() {\n    await rows.close();\n    await written;\n  }",
    },
    close: () => Promise.resolve(),
  };
}

async function encodingOf(
  to: FileEndpoint | StandardEndpoint,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
): Promise<Encoding> {
  const encoded = (name: string, subpath: string, settings: object) => ({
    expression: call(`${name}<Record<string, unknown>>`, settings),
    imports: [`import { ${name} } from "millrace/${subpath}";`],
  });
  switch (to.format) {
    case "ndjson": {
      const { encodeNdjson } = await import("../../adapters/ndjson.ts");
      return {
        format: encodeNdjson(),
        steps: { toJson },
        ...encoded("encodeNdjson", "ndjson", {}),
      };
    }
    case "json": {
      const { encodeJson } = await import("../../adapters/json.ts");
      return { format: encodeJson(), steps: { toJson }, ...encoded("encodeJson", "json", {}) };
    }
    case "parquet":
      return await parquetEncoding(place, await factsOf());
    default: {
      const { encodeCsv } = await import("../../adapters/csv.ts");
      const columns = [...(await factsOf()).columns.keys()];
      const settings = {
        columns: columns.length > 0 ? columns : undefined,
        delimiter: to.format === "tsv" ? "\t" : undefined,
        formulas: "allow" as const, // A ' before a text would be another text.
      };
      const format = encodeCsv<Row>(settings);
      return { format, steps: { toCsv }, ...encoded("encodeCsv", "csv", settings) };
    }
  }
}

async function parquetEncoding(place: CopyPlace, facts: Facts): Promise<Encoding> {
  const hyparquetWriter = await userPackage<HyparquetWriter>(
    "hyparquet-writer",
    "Parquet",
    place.folder,
  );
  const { encodeParquet } = await import("../../adapters/parquet.ts");
  const columns = Object.fromEntries(
    [...facts.columns].map(([name, type]) => [name, typeNames.parquet[type ?? "text"]]),
  );
  if (facts.columns.size === 0) fail(action, "FROM", "rows that tell of columns", "none");
  return {
    format: encodeParquet<Row>({ hyparquetWriter, columns: columns as never }),
    expression: call("encodeParquet<Record<string, unknown>>", {
      hyparquetWriter: code("hyparquetWriter"),
      columns,
    }),
    imports: [
      'import { encodeParquet } from "millrace/parquet";',
      'import * as hyparquetWriter from "hyparquet-writer";',
    ],
    steps: undefined,
  };
}
