import { imported, importsOf, indented, literal, propertyName } from "./code.ts";
import type { CopyPlan } from "./plan.ts";
import { isPlain, rowMapperLines } from "./row-mapper.ts";

/** The program that does the same as a copy. */
export function programOf(plan: CopyPlan): string {
  const { options, source, target, rows } = plan;
  const { shown, letters } = options;
  const isLettered = letters !== undefined && letters !== "table";
  const imports = [
    imported("millrace", isLettered ? "{ etl, ndjsonDeadLetters }" : "{ etl }"),
    ...(isLettered ? [imported("node:fs/promises", "{ appendFile }")] : []),
    ...source.code.imports,
    ...target.code.imports,
  ];
  const transform = rowMapperLines(rows);
  const lines = [
    `// Copies ${shown.from} to ${shown.to}.`,
    ...importsOf(imports),
    "",
    ...source.code.setup,
    ...target.code.setup,
    ...(isLettered ? lettersLines(letters) : []),
    ...(transform.length > 0 ? ["", ...transform] : []),
    "",
    ...pipelineLines(plan),
    "",
    ...runLines(plan),
    "console.error(`${report.loaded} rows copied, ${report.deadLettered} given up on`);",
    ...(source.code.closing ?? []),
    ...(target.code.closing ?? []),
  ];
  return `${lines.join("\n")}\n`;
}

function lettersLines(path: string): string[] {
  return [
    "const letters = ndjsonDeadLetters(",
    `  new WritableStream<Uint8Array>({ write: (line) => appendFile(${literal(path)}, line) }),`,
    ");",
  ];
}

function pipelineLines({ options, source, target, rows }: CopyPlan): string[] {
  const members = [
    `name: ${literal(options.key)}`,
    source.code.extract,
    ...(isPlain(rows) ? [] : ["transform"]),
    target.code.load,
    ...(target.code.end === undefined ? [] : [target.code.end]),
  ];
  return ["const copy = etl({", ...members.map((member) => `  ${indented(member)},`), "});"];
}

function runLines(plan: CopyPlan): string[] {
  const { options, source, target } = plan;
  const { code } = source;
  const hasMarks = keepsMarks(plan);
  const members: [string, string | undefined][] = [
    ["batchSize", text(options.batchSize)],
    ["workers", text(options.workers)],
    ["checkpoints", hasMarks ? "sink.checkpoints" : undefined],
    ["fingerprint", hasMarks ? code.fingerprint ?? text(source.fingerprint) : undefined],
    ["resume", hasMarks && source.repeat === "source" ? '"source"' : undefined],
    ["deadLetters", lettersOf(options.letters, target.letters !== undefined)],
    ["total", code.bytes && `{ bytes: ${code.bytes} }`],
  ];
  const lines = members
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${propertyName(name)}: ${value},`);
  if (hasMarks && code.position !== undefined) lines.push(`  ${indented(code.position)},`);
  return lines.length === 0
    ? ["const report = await copy.run();"]
    : ["const report = await copy.run({", ...lines, "});"];
}

/** Returns true if a copy keeps marks, and resumes from them. */
export function keepsMarks({ source, target }: Pick<CopyPlan, "source" | "target">): boolean {
  return source.repeat !== "never" && target.checkpoints !== undefined;
}

function text(value: number | string | undefined): string | undefined {
  return value === undefined ? undefined : literal(value);
}

function lettersOf(letters: string | undefined, hasTable: boolean): string | undefined {
  if (letters === undefined) return undefined;
  return letters === "table" && hasTable ? "sink.deadLetters()" : "letters";
}
