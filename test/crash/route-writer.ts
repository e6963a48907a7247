// Leads items through operators to a table and to a file of lines: `route-writer.ts <job as JSON>`. It
// prints a line before it begins and one at its end; its parent may kill it at any moment.
import { appendFileSync, statSync } from "node:fs";
import { argv, exit } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { filter, flatMap, map, pipe, route } from "../../src/adapters/operators.ts";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import { etl } from "../../src/index.ts";
import { rest } from "./rest.ts";
import type { RouteJob } from "./route-job.ts";

const { at, items, resume, restAt = Infinity } = JSON.parse(argv[2]!) as RouteJob;
type Row = { readonly id: number; readonly kind: "table" | "lines" };
const rowsOf = (n: number): Row[] => [
  { id: n * 2, kind: "table" },
  { id: n * 2 + 1, kind: n % 3 > 0 ? "table" : "lines" },
];

try {
  const sink = sqliteSink(new DatabaseSync(`${at}.db`), {
    table: "t",
    columns: ["id"],
    unknown: "drop",
  });
  console.log("began");
  const { loaded } = await etl({
    name: "routed",
    extract: ({ checkpoint }) => {
      const last = Number(resume === "source" ? checkpoint?.position ?? -1 : -1);
      const first = Math.max(0, Math.floor(last / 2));
      return pipe(
        Array.from({ length: items - first }, (_, index) => first + index),
        filter((n) => n % 5 > 0),
        map((n) => n),
        flatMap(rowsOf),
        filter(({ id }) => id > last),
      );
    },
    load: route(({ kind }: Row) => kind, {
      table: sink.load,
      lines: async (rows: Row[]) => {
        appendFileSync(`${at}.lines`, rows.map(({ id }) => `${id}\n`).join(""));
        if (statSync(`${at}.lines`).size >= restAt) await rest();
      },
    }),
  }).run({
    ...{ batchSize: 20, lease: 50, workers: 2, checkpoints: sink.checkpoints, resume },
    position: ({ id }) => id,
  });
  console.log(`loaded ${loaded}`);
  exit(0);
} catch (error) {
  console.error(error);
  exit(1);
}
