import type { Decoder } from "../../src/bytes/decoder.ts";
import { joined } from "../../src/bytes/joined.ts";

/** What a decoder makes of some chunks, and the message of what it fails with. */
export async function decode(
  decoder: Decoder,
  chunks: readonly Uint8Array[],
): Promise<{ bytes: Uint8Array; error?: string }> {
  const outputs: Uint8Array[] = [];
  const rest = chunks.filter(({ length }) => length > 0);
  try {
    for (;;) {
      const step = await decoder.next();
      if (step === "done") return { bytes: joined(outputs) };
      if (step !== "hungry") {
        outputs.push(step);
        continue;
      }
      const chunk = rest.shift();
      if (chunk === undefined) decoder.end();
      else decoder.feed(chunk);
    }
  } catch (error) {
    decoder.cancel();
    return { bytes: joined(outputs), error: (error as Error).message };
  }
}
