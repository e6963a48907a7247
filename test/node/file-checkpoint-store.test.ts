import { execPath } from "node:process";
import { testFileCheckpointStore } from "../support/checkpoints/file-checkpoint-store.ts";

// Node 22 strips types only when it is told to; with a warning, as before Node 24.3.
testFileCheckpointStore([
  execPath,
  "--disable-warning=ExperimentalWarning",
  "--experimental-strip-types",
]);
