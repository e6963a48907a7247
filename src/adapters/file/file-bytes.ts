import { type FileHandle, hostFiles } from "../../bytes/file/file-system.ts";

/** Bytes that are read at once: fewer cost more calls, more only memory. */
const chunkSize = 262_144;

/** The bytes of a file from an offset on. The file is open from the first read to the end. */
export function bytesOf(path: string, from: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: FileHandle | undefined;
  let offset = from;
  const close = async () => {
    const open = file;
    file = undefined;
    await open?.close();
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      file ??= await (await hostFiles()).promises.open(path, "r");
      const bytes = new Uint8Array(chunkSize); // Whoever reads may keep it.
      let bytesRead: number;
      try {
        ({ bytesRead } = await file.read(bytes, 0, chunkSize, offset));
      } catch (error) {
        await close().catch(() => {}); // What failed first is told.
        throw error;
      }
      offset += bytesRead;
      if (bytesRead > 0) return controller.enqueue(bytes.subarray(0, bytesRead));
      await close();
      controller.close();
    },
    // A read that is pending has the file until it settles: closing waits for it.
    cancel: close,
  }, { highWaterMark: 0 });
}

/** Returns the bytes of a file from `start` to before `end`, which must exist. */
export async function sliceOf(path: string, start: number, end: number): Promise<ArrayBuffer> {
  const file = await (await hostFiles()).promises.open(path, "r");
  try {
    const bytes = new Uint8Array(Math.max(end - start, 0));
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw new Error(`${JSON.stringify(path)} has become shorter`);
      done += bytesRead;
    }
    return bytes.buffer;
  } finally {
    await file.close();
  }
}
