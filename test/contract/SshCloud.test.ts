import { Effect } from "effect"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { cloudContract } from "./cloud.contract.ts"
import { readOn, testPool } from "./ssh-machines.ts"

cloudContract(
  "ssh",
  Effect.gen(function* () {
    const pool = yield* testPool(3)
    const cloud = yield* pool.daemon
    const root = yield* tempFolder
    write(root, { "train.py": "print(1)", "data/a": "1", link: "-> train.py" })
    return { cloud, files: yield* Effect.orDie(listFiles(root)), readFile: readOn(pool), takesAnyPath: true }
  })
)
