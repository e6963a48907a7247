import { execPath } from "node:process";
import { testFileCheckpointStore } from "../adapters/file/file-checkpoint-store.cases.ts";

testFileCheckpointStore([execPath]);
