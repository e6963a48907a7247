// Builds the documentation as a folder of static pages, and fails on a dead link.
//
// Run: npm run docs [folder], then serve the folder with any server of static files
import process from "node:process";
import { buildSite } from "./build.mjs";

const folder = process.argv[2] ?? "_site";
const { pages, faults } = await buildSite(folder);
for (const { page, target, fault } of faults) console.error(`${page}: ${target} ${fault}`);
console.log(`${pages} pages in ${folder}/, ${faults.length} dead links`);
process.exitCode = faults.length === 0 ? 0 : 1;
