import { tableName } from "../../adapters/postgres/names.ts";
import { userPackage } from "../user-packages.ts";
import type { CheckpointRow, KeptCheckpoints } from "./kept-checkpoints.ts";
import { checkpointOfRow } from "./read-kept.ts";

interface Client {
  connect(): Promise<unknown>;
  query(text: string, values?: readonly unknown[]): Promise<{ rows: readonly unknown[] }>;
  end(): Promise<void>;
}
type ClientClass = new (options: { connectionString: string }) => Client;
interface Pg {
  readonly Client?: ClientClass;
  readonly default: { readonly Client: ClientClass };
}

/** A database of PostgreSQL that a sink keeps its checkpoints in. */
export async function openPostgres(
  url: string,
  schema: string | undefined,
  folder: string,
): Promise<KeptCheckpoints> {
  const pg = await userPackage<Pg>("pg", "PostgreSQL", folder, "open the store");
  const Client = pg.Client ?? pg.default.Client;
  const client = new Client({ connectionString: url });
  await client.connect();
  const name = tableName("millrace_checkpoint", schema);
  const hasTable = async () => {
    const { rows } = await client.query("select to_regclass($1)::text as name", [name]);
    return (rows[0] as { name: string | null }).name !== null;
  };
  return {
    async list() {
      if (!await hasTable()) return [];
      const text = `select key, checkpoint, run_id, lease_until, lease from ${name}
        order by key collate "C"`;
      return ((await client.query(text)).rows as CheckpointRow[]).map(checkpointOfRow);
    },
    async remove(key, claim) {
      if (!await hasTable()) return false;
      const same = "run_id is not distinct from $2 and lease_until is not distinct from $3";
      const { rows } = claim === "any"
        ? await client.query(`delete from ${name} where key = $1 returning key`, [key])
        : await client.query(`delete from ${name} where key = $1 and ${same} returning key`, [
          key,
          claim?.runId ?? null,
          claim?.until ?? null,
        ]);
      return rows.length > 0;
    },
    close: () => client.end(),
  };
}
