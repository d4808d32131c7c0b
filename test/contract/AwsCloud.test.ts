/** EC2 as a cloud, over moto with real OpenSSH machines at the addresses of its instances. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll, it } from "vitest"
import { openCatalogs } from "../../daemon/catalog/Catalogs.ts"
import * as AwsCloud from "../../daemon/clouds/aws/AwsCloud.ts"
import { Connections } from "../../daemon/remote/Connections.ts"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { Ec2 } from "../e2e/ec2.ts"
import { root } from "../e2e/home.ts"
import { whyNoMachines } from "../e2e/netns.ts"
import { whyNoMoto } from "../tools/moto.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { cloudContract } from "./cloud.contract.ts"
import { agentPath } from "./cloud-local-prepare.ts"

const machinesCount = 3

const isHere = whyNoMoto === null && whyNoMachines === null
/** One for all tests, and another account for strangers. */
let all: ReadonlyArray<Ec2> = []
const taken = new Set<Ec2>()
beforeAll(async () => {
  if (isHere) all = await Promise.all([Ec2.start(machinesCount), Ec2.start(1)])
}, 360_000)
afterAll(async () => {
  await Promise.all(all.map((one) => one.end()))
})

const takeEc2 = Effect.acquireRelease(
  Effect.sync(() => {
    const free = all.find((one) => !taken.has(one))!
    taken.add(free)
    return free
  }),
  (one) => Effect.sync(() => taken.delete(one))
)

const prepare = Effect.gen(function* () {
  const ec2 = yield* takeEc2
  const home = yield* tempFolder
  // As the daemon would find it, until it is asked for the first time.
  Object.assign(process.env, ec2.moto.env)
  const scope = yield* Effect.scope
  const connections = Context.get(yield* Layer.buildWithScope(Connections.layer({ timeoutMs: 3000 }), scope), Connections)
  const lists = openCatalogs(join(root, "daemon/catalog"), join(home, "catalog"))
  const cloud = yield* AwsCloud.make({ home, agentPath, connections, catalog: () => lists.of("aws") })
  const folder = yield* tempFolder
  write(folder, { "train.py": "print(1)", "data/a": "1", link: "-> train.py" })
  return {
    cloud,
    files: yield* Effect.orDie(listFiles(folder)),
    takesAnyPath: true,
    readFile: (ref: { readonly address: string | null }, path: string) =>
      Effect.promise(() => readFile(join(ec2.homeAt(ref.address!), path), "utf8").catch(() => null))
  }
})

if (isHere) cloudContract("aws", prepare)
else it.skip("needs moto and machines", () => undefined)
