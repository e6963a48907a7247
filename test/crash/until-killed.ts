/**
 * Does a job again, under another name, while nothing of it was killed: whoever kills may be held up
 * until it is over.
 */
export async function untilKilled<T>(
  crash: (job: string) => Promise<T>,
  killsOf: (end: T) => number,
): Promise<T> {
  for (let turn = 0; turn < 10; turn++) {
    const end = await crash(`crash-${turn}`);
    if (killsOf(end) > 0) return end;
  }
  throw new Error("Ten jobs were over before anything of them was killed");
}
