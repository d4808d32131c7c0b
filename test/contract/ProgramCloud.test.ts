import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { cloudContract } from "./cloud.contract.ts"
import { agentPath, folderOf } from "./cloud-local-prepare.ts"
import { programCloud } from "./program-cloud.ts"

cloudContract(
  "of a machine that is asked by programs",
  Effect.gen(function* () {
    const base = yield* tempFolder
    const root = yield* tempFolder
    write(root, { "train.py": "print(1)", "data/a": "1", link: "-> train.py" })
    return {
      cloud: programCloud(agentPath, base),
      files: yield* Effect.orDie(listFiles(root)),
      readFile: (ref, path) => Effect.promise(() => readFile(join(folderOf(base, ref), "home", path), "utf8").catch(() => null))
    }
  })
)
