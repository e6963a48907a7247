import { testFolderStore } from "../adapters/object/folder-store.cases.ts";

testFolderStore();
