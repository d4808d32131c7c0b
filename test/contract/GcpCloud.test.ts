/** Compute Engine as a cloud, over strict_gce with real OpenSSH machines at the addresses of its instances. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll, it } from "vitest"
import { openCatalogs } from "../../daemon/catalog/Catalogs.ts"
import * as GcpCloud from "../../daemon/clouds/gcp/GcpCloud.ts"
import { Connections } from "../../daemon/remote/Connections.ts"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { GceMachines } from "../e2e/gce.ts"
import { root } from "../e2e/home.ts"
import { whyNoMachines } from "../e2e/netns.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { cloudContract } from "./cloud.contract.ts"
import { agentPath } from "./cloud-local-prepare.ts"

const isHere = whyNoMachines === null
/** One for all tests, and another project for strangers. */
let all: ReadonlyArray<GceMachines> = []
const taken = new Set<GceMachines>()
beforeAll(async () => {
  if (isHere) all = await Promise.all([GceMachines.start(3), GceMachines.start(1)])
}, 60_000)
afterAll(async () => {
  await Promise.all(all.map((one) => one.end()))
})

const take = Effect.acquireRelease(
  Effect.sync(() => {
    const free = all.find((one) => !taken.has(one))!
    taken.add(free)
    return free
  }),
  (one) => Effect.sync(() => taken.delete(one))
)

const prepare = Effect.gen(function* () {
  const machines = yield* take
  const home = yield* tempFolder
  // As the daemon would find it, until it is asked for the first time.
  Object.assign(process.env, machines.gce.env)
  const scope = yield* Effect.scope
  const connections = Context.get(yield* Layer.buildWithScope(Connections.layer({ timeoutMs: 3000 }), scope), Connections)
  const lists = openCatalogs(join(root, "daemon/catalog"), join(home, "catalog"))
  const cloud = yield* GcpCloud.make({ home, agentPath, connections, catalog: () => lists.of("gcp") })
  const folder = yield* tempFolder
  write(folder, { "train.py": "print(1)", "data/a": "1", link: "-> train.py" })
  return {
    cloud,
    files: yield* Effect.orDie(listFiles(folder)),
    takesAnyPath: true,
    readFile: (ref: { readonly address: string | null }, path: string) =>
      Effect.promise(() => readFile(join(machines.homeAt(ref.address!), path), "utf8").catch(() => null))
  }
})

if (isHere) cloudContract("gcp", prepare)
else it.skip("needs machines", () => undefined)
