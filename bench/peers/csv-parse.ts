import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import type { Pool } from "pg";

const insert = `insert into rows select * from json_to_recordset($1::json)
  as x(id bigint, name text, email text, amount float8, ts timestamptz)`;

/** What people write to load a CSV.gz: batches of rows, each by one insert. */
export async function loadByHand(path: string, pool: Pool, batchSize: number): Promise<void> {
  const parser = parse({ columns: true, bom: true });
  await pipeline(createReadStream(path), createGunzip(), parser, async (rows) => {
    let batch: unknown[] = [];
    const load = async () => {
      await pool.query(insert, [JSON.stringify(batch)]);
      batch = [];
    };
    for await (const row of rows) {
      batch.push(row);
      if (batch.length === batchSize) await load();
    }
    if (batch.length > 0) await load();
  });
}
