/** The longest delay that `setTimeout` takes, in milliseconds; a longer one it takes for none. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

/** Calls `run` once after `delay` milliseconds, `Infinity` for never, and gives what prevents it. */
export function setTimer(delay: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (left: number) => {
    const step = Math.min(left, LONGEST_TIMER);
    timer = setTimeout(() => left > step ? wait(left - step) : run(), step);
  };
  if (delay !== Infinity) wait(delay);
  return () => clearTimeout(timer);
}
