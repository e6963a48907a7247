import { onAbort } from "../../runtime/signals.ts";

/**
 * Holds back branches that are ahead of the slowest one. A branch waits while it has begun more than
 * `most` batches that another branch lacks. Each branch begins batches in the order in which they came,
 * so two branches never wait for each other.
 */
export class Lag {
  readonly #most: number;
  readonly #tickets: Ticket[] = []; // In the order in which the batches came.

  /** Sets how many batches a branch may be ahead. */
  constructor(most: number) {
    this.#most = most;
  }

  /** A batch has come, which these branches are to load. */
  enter(names: readonly string[]): Ticket {
    const ticket = new Ticket(names, () => this.#look(ticket));
    this.#tickets.push(ticket);
    return ticket;
  }

  #look(changed: Ticket): void {
    if (changed.isOver) {
      const index = this.#tickets.indexOf(changed);
      if (index >= 0) this.#tickets.splice(index, 1);
    }
    for (const ticket of [...this.#tickets]) {
      for (const name of ticket.waiting) if (this.#mayBegin(ticket, name)) ticket.start(name);
    }
  }

  #mayBegin(ticket: Ticket, name: string): boolean {
    const before = this.#tickets.slice(0, this.#tickets.indexOf(ticket));
    if (before.some((other) => other.waiting.includes(name))) return false;
    return this.#tickets.filter((other) => other.isAheadBy(name)).length <= this.#most;
  }
}

/** One batch on its way through the branches. */
export class Ticket {
  readonly #lacking: Set<string>; // Branches that have not loaded it.
  readonly #begun = new Set<string>();
  readonly #starts = new Map<string, () => void>(); // Of those that wait.
  readonly #onChange: () => void;
  #hasLeft = false;

  /** Knows the branches that are to load it, and whom to tell that it has changed. */
  constructor(names: readonly string[], onChange: () => void) {
    this.#lacking = new Set(names);
    this.#onChange = onChange;
  }

  /** The branches that wait for their turn. */
  get waiting(): readonly string[] {
    return [...this.#starts.keys()];
  }

  /** Nobody has anything to do with it any more. */
  get isOver(): boolean {
    return this.#hasLeft || this.#lacking.size === 0;
  }

  /** Returns true if a branch has begun the batch, and another one still has to load it. */
  isAheadBy(name: string): boolean {
    return this.#begun.has(name) && this.#lacking.size > Number(this.#lacking.has(name));
  }

  /** Waits for the turn of a branch; returns nothing if it is its turn. Rejects when the signal aborts. */
  begin(name: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    let isWaiting = true;
    let start = () => void (isWaiting = false);
    this.#starts.set(name, () => start());
    this.#onChange();
    if (!isWaiting) return undefined;
    return new Promise((resolve, reject) => {
      const unfollow = onAbort(signal, (reason) => {
        this.#starts.delete(name);
        reject(reason);
        this.#onChange();
      });
      start = () => {
        unfollow();
        resolve();
      };
    });
  }

  /** It is the turn of a branch. */
  start(name: string): void {
    const start = this.#starts.get(name)!;
    this.#starts.delete(name);
    this.#begun.add(name);
    start();
  }

  /** A branch has ended its call. */
  done(name: string): void {
    this.#lacking.delete(name);
    this.#onChange();
  }

  /** Its call is over, with whatever was not loaded. */
  leave(): void {
    this.#hasLeft = true;
    this.#onChange();
  }
}
