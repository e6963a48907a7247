import { fail } from "../../options.ts";
import { call, code, imported } from "./code.ts";
import type { CopyOptions } from "./copy-options.ts";
import { encodingOf } from "./encoding.ts";
import { action, type FileEndpoint, type Row, type StandardEndpoint } from "./endpoint.ts";
import { hostModules, isFile } from "../host-modules.ts";
import type { CopyPlace, Facts, OpenSource, OpenTarget } from "./parts.ts";
import { streamTarget } from "./stream-target.ts";

/** Opens a file, or standard output, to be written. */
export async function fileTarget(
  to: FileEndpoint | StandardEndpoint,
  options: CopyOptions,
  place: CopyPlace,
  factsOf: () => Promise<Facts>,
  repeat: OpenSource["repeat"],
): Promise<OpenTarget> {
  if (to.kind === "standard") return await streamTarget(to, undefined, place, factsOf);
  const path = place.pathOf(to.path);
  const isWhole = to.compression === "brotli"; // Its streams cannot stand behind each other.
  const isThere = (await hostModules()).existsSync(path);
  if ((repeat === "never" || isWhole) && !options.fresh && isThere) {
    const why = isWhole ? "a .br file" : "this FROM";
    fail(action, "TO", `a new file, or one beside --fresh, as ${why} cannot be resumed`, to.path);
  }
  if (isThere && !isWhole) await checkOwn(path, to.path, options.fresh);
  if (isWhole) return await streamTarget(to, path, place, factsOf);
  const encoding = await encodingOf(to, place, factsOf);
  const { fileSink } = await import("../../adapters/file.ts");
  const settings = {
    compress: to.compression === "none" ? undefined : to.compression as "gzip" | "zstd",
    exists: options.fresh ? "replace" as const : undefined,
  };
  const exists = isThere ? settings.exists : "replace"; // A mark may be left of a file that is gone.
  const sink = fileSink<Row>(path, { format: encoding.format, ...settings, exists });
  return {
    load: sink.load,
    checkpoints: sink.checkpoints,
    isNew: !isThere,
    end: (context) => sink.writeEmpty(context),
    steps: encoding.steps,
    code: {
      imports: [imported("millrace/file", "{ fileSink }"), ...encoding.imports],
      setup: [
        `const sink = ${
          call("fileSink", to.path, { format: code(encoding.expression), ...settings })
        };`,
      ],
      load: "load: sink.load",
      end: "postProcess: sink.writeEmpty",
    },
    close: () => Promise.resolve(),
  };
}

/** Checks that what is at a path is a file, and one that a copy has written or may write over. */
async function checkOwn(path: string, shown: string, isFresh: boolean): Promise<void> {
  const { files } = await hostModules();
  if ((await files.stat(path)).isDirectory()) fail(action, "TO", "a file, not a folder", shown);
  if (isFresh || await isFile(files, `${path}.mark.json`)) return;
  const rule = "a new file, or one that a copy has written (--fresh writes over it)";
  fail(action, "TO", rule, shown);
}
