import type { RowEncoder } from "../../bytes/row-encoder.ts";
import type { HyparquetWriter } from "../../adapters/parquet/hyparquet-writer.ts";
import { call, code, type Import, imported } from "./code.ts";
import { typeNames } from "./columns.ts";
import type { FileEndpoint, Row, StandardEndpoint } from "./endpoint.ts";
import type { CopyPlace, Facts, OpenTarget } from "./parts.ts";
import { userPackage } from "../user-packages.ts";
import { toCsv, toJson } from "./values.ts";

/** Encoding of rows, and its code in a program. */
export interface Encoding {
  readonly format: RowEncoder<Row>;
  readonly expression: string;
  readonly imports: readonly Import[];
  readonly steps: OpenTarget["steps"];
}

/** Returns the encoding of rows for a target. */
export async function encodingOf(
  to: FileEndpoint | StandardEndpoint,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
): Promise<Encoding> {
  const encoded = (name: string, subpath: string, settings: object) => ({
    expression: call(`${name}<Record<string, unknown>>`, settings),
    imports: [imported(`millrace/${subpath}`, `{ ${name} }`)],
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
  return {
    format: encodeParquet<Row>({ hyparquetWriter, columns: columns as never }),
    expression: call("encodeParquet<Record<string, unknown>>", {
      hyparquetWriter: code("hyparquetWriter"),
      columns,
    }),
    imports: [
      imported("millrace/parquet", "{ encodeParquet }"),
      imported("hyparquet-writer", "* as hyparquetWriter"),
    ],
    steps: undefined,
  };
}
