import { thread } from "../../../src/adapters/threads/thread.ts";
import work from "./work.ts";

/** Imports a module that is one for threads as well. */
export default thread((id: number) => work({ id }));
