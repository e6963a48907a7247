import { execPath } from "node:process";
import { testFileCheckpointStore } from "../support/checkpoints/file-checkpoint-store.ts";

testFileCheckpointStore([execPath, "run", "-A", "--no-lock"]);
