import type { World } from "./world.ts";

/** What of a world that is over is not as it has to be; nothing if all is well. */
export function problemsOf(world: World): string[] {
  const { problems, signals, isOver, plan } = world;
  if (!isOver) return ["it has never ended", ...problems];
  if (signals.some(({ listeners }) => listeners > 0)) problems.push("a listener was left");
  const isWhole = world.outcome === "completed";
  if (!isWhole && plan.sink !== "none") problems.push(`the last run has ${world.outcome}`);
  for (let n = 0; n < plan.count; n++) {
    const problem = problemOf(world, n, isWhole);
    if (problem !== undefined) problems.push(`item ${n} (${world.fateOf(n)}) ${problem}`);
  }
  return problems;
}

function problemOf(world: World, n: number, isWhole: boolean): string | undefined {
  const { plan, disk } = world;
  const fate = world.fateOf(n);
  const rows = disk.numbers().filter((number) => number === n).length;
  const letters = disk.lettersKept.filter(({ item }) => item.n === n).length;
  const found = `has ${rows} rows and ${letters} letters`;
  if (fate === "skip") return rows > 0 ? `is skipped and ${found}` : undefined;
  if (isWhole && rows + letters === 0) return "is lost";
  if (rows > 1 && isOnce(world)) return found;
  const isHopeless = ["transform fails", "load fails", "load names it"].includes(fate);
  if (isHopeless && rows > 0) return found;
  // What was given up on and not yet marked is met again by the run after one that was cut short.
  return rows + letters > 1 && isUndisturbed(plan) && isOnce(world) ? found : undefined;
}

/** Whether no row may be there twice, whatever happens. */
function isOnce({ plan }: World): boolean {
  const { sink, shape, options } = plan;
  if (sink === "transactional" || (sink === "sqlite" && shape !== "around")) return true;
  // A call that took too long may have come through all the same.
  return isUndisturbed(plan) && plan.lostEach === 0 && options.attemptTimeout === Infinity;
}

/** Whether no run was cut short; a file that is locked may keep one from writing its mark. */
function isUndisturbed({ sink, lives, lostEach }: World["plan"]): boolean {
  if (sink === "sqlite" && lostEach > 0) return false;
  return lives.every(({ end }) => end === "nothing" || end === "outage");
}
