import { setTimer } from "../runtime/timer.ts";

/** The watched thing: a number that changes with every move. */
export interface Movement {
  /** Changes whenever anything moves. */
  readonly moves: number;
}

/** Tells when nothing has moved for a while, once for each time that it stops. */
export class StallWatch {
  readonly #timeout: number;
  readonly #movement: Movement;
  readonly #onStall: (duration: number) => void;
  #stopTimer = () => {};

  /** Begins to watch; `Infinity` sets no timer. */
  constructor(timeout: number, movement: Movement, onStall: (duration: number) => void) {
    this.#timeout = timeout;
    this.#movement = movement;
    this.#onStall = onStall;
    this.#look(movement.moves, 1);
  }

  /** Ends the watch; no timer is left. */
  stop(): void {
    this.#stopTimer();
  }

  /** Looks again after the time-out: twice as often, so that a stall is told before twice of it. */
  #look(before: number, times: number): void {
    this.#stopTimer = setTimer(this.#timeout / 2, () => {
      const { moves } = this.#movement;
      if (moves !== before) return this.#look(moves, 1);
      this.#look(moves, times + 1); // Before it is told, as whoever is told may end the watch.
      if (times === 2) this.#onStall(this.#timeout);
    });
  }
}
