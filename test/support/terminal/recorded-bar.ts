import type { ProgressPayload } from "../../../src/adapters/progress.ts";

/** A bar that keeps what it is told. */
export class RecordedBar {
  readonly told: [string, ...unknown[]][] = [];
  payload: Partial<ProgressPayload> = {};
  start(total: number, value: number, payload: object): void {
    this.told.push(["start", total, value]);
    this.payload = payload;
  }
  update(value: number, payload: object): void {
    this.told.push(["update", value]);
    this.payload = payload;
  }
  stop(): void {
    this.told.push(["stop"]);
  }
}

/** The same, for a total that may change. */
export class GrowingBar extends RecordedBar {
  setTotal(total: number): void {
    this.told.push(["setTotal", total]);
  }
  /** The totals that it had. */
  get totals(): unknown[] {
    const isTotal = ([what]: unknown[]) => what === "start" || what === "setTotal";
    return this.told.filter(isTotal).map(([, total]) => total);
  }
}
