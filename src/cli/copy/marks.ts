import type { CheckpointStore } from "../../checkpoints/checkpoint.ts";

/** Forgets what earlier copies have done, so that the next one begins at the start of its source. */
export async function forgetMarks(store: Required<CheckpointStore>, key: string): Promise<void> {
  if (await store.read(key) === undefined) return;
  await store.write(key, { offset: 0, done: [], updatedAt: 0 });
}
