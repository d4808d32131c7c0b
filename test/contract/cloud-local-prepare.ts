/** A local cloud in a temp folder, with the real agent, bundled once per file of tests. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { build } from "esbuild"
import { afterAll, beforeAll } from "vitest"
import type { NodeRef } from "../../daemon/clouds/Cloud.ts"
import { make } from "../../daemon/clouds/local/LocalCloud.ts"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"

export const bundles = mkdtempSync(join(tmpdir(), "skyd-agent-"))
export const agentPath = join(bundles, "agent.cjs")
export const newerPath = join(bundles, "newer.cjs")

beforeAll(async () => {
  await build({ entryPoints: ["agent/main.ts"], outfile: agentPath, bundle: true, platform: "node", format: "cjs", target: "node22" })
  writeFileSync(newerPath, `${readFileSync(agentPath, "utf8")}\n// A later build.\n`)
})
afterAll(() => rmSync(bundles, { recursive: true, force: true }))

export const folderOf = (home: string, ref: NodeRef) => join(home, "nodes", ref.node)

export const prepare = Effect.gen(function* () {
  const home = yield* tempFolder
  const root = yield* tempFolder
  write(root, { "train.py": "print(1)", "data/a": "1", link: "-> train.py" })
  const cloud = yield* make({ home, agentPath })
  const read = (ref: NodeRef, path: string) =>
    Effect.promise(() => readFile(join(folderOf(home, ref), "home", path), "utf8").catch(() => null))
  return { home, cloud, files: yield* Effect.orDie(listFiles(root)), readFile: read }
})
