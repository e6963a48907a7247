/** Never ends, and keeps its process alive until that is killed. */
export function rest(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 1000));
}
