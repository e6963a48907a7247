import { fail } from "../../options.ts";
import { isR2Bucket, type R2Bucket, R2Store } from "./r2-store.ts";
import type { ObjectStore } from "./store.ts";

const rule = "the result of folderStore(path) or s3Store(…), an R2 bucket, or an ObjectStore";

/** Returns the store that was passed in. @throws {ConfigurationError} If it is not a store. */
export function storeOf(action: string, given: ObjectStore | R2Bucket): ObjectStore {
  const { put, get, list, delete: remove } = Object(given) as Record<string, unknown>;
  if (![put, get, list, remove].every((member) => typeof member === "function")) {
    fail(action, "store", rule, given);
  }
  return isR2Bucket(given) ? new R2Store(given) : given;
}
