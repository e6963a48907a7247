import fc from "fast-check";

/** The same schedules in every runtime and every run. */
export const seeded: fc.Parameters<unknown> = { seed: 8, numRuns: 200 };

/** Steps of a schedule: a name and a number that the step may use. */
export function stepsOf<Name extends string>(
  weights: Record<Name, number>,
): fc.Arbitrary<[Name, number][]> {
  const names = Object.entries<number>(weights) as [Name, number][];
  const name = fc.oneof(
    ...names.map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) })),
  );
  return fc.array(fc.tuple(name, fc.nat(1_000)), { maxLength: 60 });
}
