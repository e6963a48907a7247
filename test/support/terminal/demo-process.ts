import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

/** What Node is given to run the demo. */
export const demo: readonly string[] = programOf("main.ts");

/** What Node is given to run the demo of many tables. */
export const tablesDemo: readonly string[] = programOf("tables/main.ts");

function programOf(path: string): string[] {
  const program = fileURLToPath(new URL(`../../../demo/${path}`, import.meta.url));
  return ["--disable-warning=ExperimentalWarning", program];
}

/** How the demo ended, and what it wrote. */
export interface Ending {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  /** What it wrote to standard error: its progress, where all goes well. */
  readonly errors: string;
}

/** Is given all that was written so far, and what sends a signal; called at each piece of it. */
export type Watcher = (text: string, kill: (signal: NodeJS.Signals) => void) => void;

/** Runs the demo in a folder. */
export function runDemo(
  folder: string,
  args: readonly string[],
  watch: Watcher = () => {},
  program = demo,
): Promise<Ending> {
  const child = spawn(process.execPath, [...program, ...args], { cwd: folder });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      watch(texts.stdout + texts.stderr, (signal) => child.kill(signal));
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      resolve({ code, output: texts.stdout, errors: texts.stderr });
    });
  });
}

/** Sends a signal, once, when what was written fulfils a condition. */
export function sendWhen(signal: NodeJS.Signals, condition: (text: string) => boolean): Watcher {
  let isSent = false;
  return (text, kill) => {
    if (isSent || !condition(text)) return;
    isSent = true;
    kill(signal);
  };
}

/** The highest number that stands before a word in what was written of a pipeline. */
export function reached(text: string, pipeline: string, word: string): number {
  const pattern = new RegExp(`${pipeline}: [^|\\n]*?([\\d,]+) ${word}`, "g");
  const numbers = [...text.matchAll(pattern)].map(([, digits]) => numberOf(digits!));
  return Math.max(0, ...numbers);
}

/** The numbers that stand behind a word in the table of the reports, one for each pipeline. */
export function factsOf(output: string, word: string): number[] {
  const line = output.split("\n").find((line) => line.startsWith(`  ${word} `)) ?? "";
  return (line.match(/\d[\d,]*/g) ?? []).map(numberOf);
}

function numberOf(digits: string): number {
  return Number(digits.replaceAll(",", ""));
}

/** Asks a database in a folder. */
export function query(folder: string, name: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder, name), { readOnly: true });
  try {
    return database.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}
