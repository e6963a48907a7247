import { takeTurns } from "../../runtime/take-turns.ts";
import { isOutOfTurn, type NatsKv } from "./client.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Value that a change stores, if any, and its result. */
export interface Change<R> {
  /** The next value; nothing is stored without it. */
  readonly next?: string;
  /** Result of the change. */
  readonly result: R;
}

/** The text of a key, if it has one. */
export async function readText(kv: NatsKv, key: string): Promise<string | undefined> {
  return textOf(await kv.get(key));
}

/**
 * Changes the text of a key by compare-and-set: `change` is asked again where another one was faster.
 * Changes of one process take turns, as only one of them can win.
 */
export function changeText<R>(
  kv: NatsKv,
  key: string,
  turns: Map<string, object>,
  change: (text: string | undefined) => Change<R>,
  signal?: AbortSignal,
): Promise<R> {
  let owner = turns.get(key);
  if (owner === undefined) turns.set(key, owner = {});
  return takeTurns(owner, async () => {
    for (;;) {
      const entry = await kv.get(key);
      const { next, result } = change(textOf(entry));
      if (next === undefined) return result;
      signal?.throwIfAborted();
      try {
        await kv.put(key, encoder.encode(next), { previousSeq: entry?.revision ?? 0 });
        return result;
      } catch (error) {
        if (!isOutOfTurn(error)) throw error;
      }
    }
  }, signal);
}

function textOf(entry: Awaited<ReturnType<NatsKv["get"]>>): string | undefined {
  return entry?.operation === "PUT" ? decoder.decode(entry.value) : undefined;
}
