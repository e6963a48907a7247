import { EtlError, propertyOf } from "../../errors.ts";
import { call, type Import, imported } from "./code.ts";
import type { FileEndpoint, StandardEndpoint } from "./endpoint.ts";
import { encodingOf } from "./encoding.ts";
import type { Compression } from "./formats.ts";
import { hostModules, standardStreams } from "../host-modules.ts";
import type { CopyPlace, Facts, OpenTarget } from "./parts.ts";

/** Where bytes go to, and how a program says it. */
interface Output {
  readonly writable: WritableStream<Uint8Array>;
  readonly imports: readonly Import[];
  readonly expression: string;
  /** Work after the last byte. */
  end(): Promise<unknown>;
  readonly endLine?: string | undefined;
}

/**
 * Opens what is written in one go, without marks: standard output, or a file that has its name only
 * when it is whole.
 */
export async function streamTarget(
  to: FileEndpoint | StandardEndpoint,
  path: string | undefined,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
): Promise<OpenTarget> {
  const { format, expression, imports, steps } = await encodingOf(to, place, factsOf);
  const { compress } = await import("../../adapters/compression.ts");
  const { compression } = to;
  const output = path === undefined || to.kind === "standard"
    ? await standardOutput()
    : await partialFile(path, to.path);
  const bytes = compression === "none"
    ? format.readable
    : format.readable.pipeThrough(compress(compression));
  const rows = format.writable.getWriter();
  const written = bytes.pipeTo(output.writable);
  written.catch(() => {}); // Who writes next is told as well.
  const closeBytes = async () => {
    await rows.close();
    await written;
  };
  return {
    load: (batch) => rows.write(batch as never),
    end: async () => {
      await closeBytes();
      await output.end();
    },
    drained: to.kind === "standard" ? closeBytes : undefined, // A file is not to get its name.
    steps,
    code: codeOf(expression, [...imports, ...output.imports], output, compression),
    close: () => Promise.resolve(),
  };
}

function codeOf(
  encoder: string,
  imports: readonly Import[],
  output: Output,
  compression: Compression,
): OpenTarget["code"] {
  const isPlain = compression === "none";
  const pipe = isPlain ? "" : `.pipeThrough(${call("compress", compression)})`;
  return {
    imports: isPlain ? imports : [...imports, imported("millrace/compression", "{ compress }")],
    setup: [
      `const encoder = ${encoder};`,
      "const rows = encoder.writable.getWriter();",
      `const written = encoder.readable${pipe}.pipeTo(${output.expression});`,
    ],
    load: "load: (batch) => rows.write(batch)",
    end: `async postProcess() {\n  await rows.close();\n  await written;\n${output.endLine ?? ""}}`,
  };
}

async function standardOutput(): Promise<Output> {
  const { stdout } = await standardStreams();
  return {
    writable: new WritableStream({
      write: (bytes) =>
        new Promise((resolve, reject) =>
          stdout.write(bytes, (error) => error ? reject(ofPipe(error)) : resolve())
        ),
    }),
    imports: [imported("node:process", "{ stdout }")],
    expression: [
      "new WritableStream({",
      "  write: (bytes) =>",
      "    new Promise<void>((resolve, reject) => {",
      "      stdout.write(bytes, (error) => error ? reject(error) : resolve());",
      "    }),",
      "})",
    ].join("\n"),
    end: () => Promise.resolve(),
  };
}

/** The error of a write to a pipe: `copy … - | head` closes it, which is no fault of the rows. */
function ofPipe(error: Error): Error {
  if (propertyOf(error, "code") !== "EPIPE") return error;
  return new EtlError("the program that reads it has closed the pipe", { cause: error });
}

async function partialFile(path: string, shown: string): Promise<Output> {
  const { files } = await hostModules();
  const part = `${path}.part`;
  const [name, partName] = [JSON.stringify(shown), JSON.stringify(`${shown}.part`)];
  return {
    writable: new WritableStream({
      start: () => files.rm(part, { force: true }),
      write: (bytes) => files.appendFile(part, bytes),
    }),
    imports: [imported("node:fs/promises", "{ appendFile, rename, rm }")],
    expression: [
      "new WritableStream({",
      `  start: () => rm(${partName}, { force: true }),`,
      `  write: (bytes) => appendFile(${partName}, bytes),`,
      "})",
    ].join("\n"),
    end: () => files.rename(part, path),
    endLine: `  await rename(${partName}, ${name});\n`,
  };
}
