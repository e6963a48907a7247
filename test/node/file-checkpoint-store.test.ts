import { execPath } from "node:process";
import { testFileCheckpointStore } from "../adapters/file/file-checkpoint-store.cases.ts";

// Node 22 strips types only when it is told to; with a warning, as before Node 24.3.
testFileCheckpointStore([
  execPath,
  "--disable-warning=ExperimentalWarning",
  "--experimental-strip-types",
]);
