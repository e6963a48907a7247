import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderStore } from "../../../src/adapters/object.ts";
import { testObjectStore } from "../../support/object/store-cases.ts";

const newFolder = () => mkdtempSync(join(tmpdir(), "millrace-object-"));

/** Defines the tests of `folderStore` for a host that has files. */
export function testFolderStore(): void {
  describe("folderStore()", () => {
    testObjectStore(() => {
      const folder = newFolder();
      const store = folderStore(`${folder}/not/there/yet/`);
      return { store, close: () => rmSync(folder, { recursive: true }) };
    });

    it("leaves nothing but the object behind", async () => {
      const folder = newFolder();
      const store = folderStore(folder);
      for (const ifAbsent of [true, true, false]) {
        await store.put("a", new Uint8Array(9), { ifAbsent });
      }
      expect(readdirSync(folder)).toEqual(["a"]);
      rmSync(folder, { recursive: true });
    });

    it("refuses a key that leads out of it, and an empty path", async () => {
      const putting = folderStore(tmpdir()).put("a/../../b", new Uint8Array(1));
      await expect(putting).rejects.toThrow("'key' must be a key without \"..\"");
      expect(() => folderStore("")).toThrow("Cannot construct folderStore as 'path' must be");
    });
  });
}
