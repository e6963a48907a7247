// The rows that the benches of sinks write: about 100 bytes each as JSON.

export interface Row {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly amount: number;
  readonly ts: string;
}

export const columns = ["id", "name", "email", "amount", "ts"] as const;
export const BATCH_SIZE = 1000;

function rowOf(id: number): Row {
  const [name, email, ts] = [`User ${id}`, `user${id}@example.com`, "2026-01-01T00:00:00Z"];
  return { id, name, email, amount: id / 4, ts };
}

/** This many rows, in the batches that every variant loads. */
export function batchesOf(items: number): Row[][] {
  const rows = Array.from({ length: items }, (_, id) => rowOf(id));
  const count = Math.ceil(items / BATCH_SIZE);
  return Array.from({ length: count }, (_, n) => rows.slice(n * BATCH_SIZE, (n + 1) * BATCH_SIZE));
}
