import { describe, expect, it } from "vitest";
import { MemoryJobStore } from "../../../src/adapters/jobs.ts";
import { testJobStore } from "../../../src/adapters/testing.ts";

describe("MemoryJobStore", () => {
  testJobStore(it, { create: (lease) => new MemoryJobStore({ lease }) });

  it.each([0, -1, Infinity, "1"])("refuses a lease of %o", (lease) => {
    expect(() => new MemoryJobStore({ lease: lease as number })).toThrow(
      "Cannot create MemoryJobStore as 'lease' must be a finite number above 0",
    );
  });
});
