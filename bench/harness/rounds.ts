import { spawn } from "node:child_process";
import type { Runtime } from "./runtimes.ts";
import { median } from "./statistics.ts";
import type { Comparison, Measures, Question, Row, Sample } from "./question.ts";
import { floorWords } from "./words.ts";

const LONGEST_VARIANT = 5 * 60_000; // ms

/** The question to measure, where and how often. */
export interface Plan {
  readonly name: string;
  readonly question: Question;
  readonly runtimes: Readonly<Record<string, Runtime>>;
  readonly rounds: number;
  readonly scale: number;
  readonly comparisons: readonly Comparison[];
  /** Called with the progress, as a full bench takes minutes. */
  readonly onStep: (step: string) => void;
}

/**
 * Measures each variant once per round, each in a fresh process. The order is reversed from round to
 * round, so that no variant always runs first or last. Rows with a target come first, so that their
 * variants run right after each other: a shared machine may be half as fast a minute later.
 */
export async function measure(plan: Plan): Promise<Sample[]> {
  const held = plan.comparisons.filter((row) => floorWords(row) !== "");
  const wanted = [...new Set([...held, ...plan.comparisons].flatMap(variantsOf))];
  const samples: Sample[] = [];
  for (const [runtime, how] of Object.entries(plan.runtimes)) {
    for (let round = 0; round < plan.rounds; round++) {
      for (const variant of round % 2 === 0 ? wanted : wanted.toReversed()) {
        plan.onStep(`${plan.name} · ${runtime} · round ${round + 1}/${plan.rounds} · ${variant}`);
        const measures = await measureOne(how, plan, variant);
        if (measures) samples.push({ runtime, round, variant, measures });
      }
    }
  }
  return samples;
}

/** The variants that a row needs. */
function variantsOf({ variant, against = [] }: Comparison): string[] {
  return [variant, ...(typeof against === "string" ? [against] : against)];
}

/** A variant that fails leaves its cells empty, and the bench goes on. */
function measureOne(how: Runtime, plan: Plan, variant: string): Promise<Measures | undefined> {
  const program = "bench/harness/variant-process.ts";
  const args = [...how.args, program, plan.name, variant, String(plan.scale)];
  return new Promise((resolve) => {
    const child = spawn(how.executable, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, complaints] = ["", ""];
    child.stdout.on("data", (bytes) => (output += bytes));
    child.stderr.on("data", (bytes) => (complaints += bytes));
    const killer = setTimeout(() => child.kill("SIGKILL"), LONGEST_VARIANT);
    child.on("close", (code) => {
      clearTimeout(killer);
      const last = output.trim().split("\n").at(-1) ?? "";
      if (code === 0 && last.startsWith("{")) return resolve(JSON.parse(last));
      console.error(`\n${plan.name}: "${variant}" failed:\n${complaints.trim().slice(0, 1000)}`);
      resolve(undefined);
    });
  });
}

/** Completes a row: compares values within each round, then takes the median. */
export function fillRow(comparison: Comparison, samples: readonly Sample[]): Row {
  const medians: Record<string, number> = {};
  const rounds: Record<string, number[]> = {};
  const asides: Record<string, Record<string, number>> = {};
  for (const runtime of new Set(samples.map((sample) => sample.runtime))) {
    const own = samples.filter((sample) => sample.runtime === runtime);
    const numbers = new Set(own.map(({ round }) => round));
    const valuesOf = (row: Comparison) =>
      [...numbers].map((round) => valueOf(row, own.filter((sample) => sample.round === round)))
        .filter((value) => Number.isFinite(value));
    const values = valuesOf(comparison);
    if (values.length === 0) continue;
    rounds[runtime] = values;
    medians[runtime] = median(values);
    if (comparison.beside === undefined) continue;
    asides[runtime] = { best: valueOf(comparison, bestOf(own)) };
    for (const [word, measure] of Object.entries(comparison.beside)) {
      asides[runtime][word] = median(valuesOf({ ...comparison, measure }));
    }
  }
  return { ...comparison, medians, rounds, asides };
}

/** The highest value of each measure of each variant, as one round. */
function bestOf(samples: readonly Sample[]): Sample[] {
  const best = new Map<string, Sample>();
  for (const sample of samples) {
    const { measures = {} } = best.get(sample.variant) ?? {};
    const highest = Object.entries(sample.measures).map(([name, value]) =>
      [name, Math.max(value, measures[name] ?? -Infinity)] as const
    );
    best.set(sample.variant, { ...sample, measures: Object.fromEntries(highest) });
  }
  return [...best.values()];
}

/** The value of a row in one round of one runtime. */
function valueOf(comparison: Comparison, round: readonly Sample[]): number {
  const { variant, against, measure = "rate", as = "ratio" } = comparison;
  const of = (name: string) =>
    round.find((sample) => sample.variant === name)?.measures[measure] ?? NaN;
  if (against === undefined) return of(variant);
  const others = (typeof against === "string" ? [against] : against).map(of);
  const known = others.filter((value) => Number.isFinite(value));
  const best = known.length > 0 ? Math.max(...known) : NaN; // Nothing to compare with.
  return as === "ratio" ? of(variant) / best : of(variant) - best;
}
