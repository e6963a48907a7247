const { env } = (globalThis as { process?: { env: Record<string, string | undefined> } })
  .process ?? { env: {} };

/** How many random cases there are: so many, or as many times more as `OPERATORS_TIMES` says. */
export function runsOf(count: number): number {
  return count * Number(env["OPERATORS_TIMES"] ?? 1);
}
