import { thread } from "../../../src/adapters/threads/thread.ts";

interface Bytes {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Adds one to the first byte, and moves all of them back. */
export default thread(({ id, bytes }: Bytes) => {
  bytes[0]! += 1;
  return { id, bytes };
}, { transfer: (rows) => rows.map(({ bytes }) => bytes.buffer) });
