/** A cloud of machines for rent for `cloudContract`: its API as a strict server has it, with real OpenSSH machines at the addresses of its instances. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type CatalogsShape, openCatalogs } from "../../daemon/catalog/Catalogs.ts"
import type { Cloud, CloudError } from "../../daemon/clouds/Cloud.ts"
import { Connections } from "../../daemon/remote/Connections.ts"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { root } from "../e2e/home.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { agentPath } from "./cloud-local-prepare.ts"

interface Rented {
  readonly homeAt: (address: string) => string
  readonly end: () => Promise<void>
}
interface Options {
  readonly home: string
  readonly agentPath: string
  readonly connections: Connections["Service"]
}

const machinesCount = 3
const startMaxMs = 360_000

export interface RentedCloud<R extends Rented> {
  readonly isHere: boolean
  readonly start: (machines: number) => Promise<R>
  /** As the daemon would find it, until it is asked for the first time. */
  readonly envOf: (rented: R) => Readonly<Record<string, string>>
  readonly make: (options: Options, lists: CatalogsShape) => Effect.Effect<Cloud, CloudError>
}

export const rentedPrepare = <R extends Rented>({ envOf, isHere, make, start }: RentedCloud<R>) => {
  /** One for all tests, and another account for strangers. */
  let all: ReadonlyArray<R> = []
  const taken = new Set<R>()
  beforeAll(async () => {
    if (isHere) all = await Promise.all([start(machinesCount), start(1)])
  }, startMaxMs)
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
  return Effect.gen(function* () {
    const rented = yield* take
    const home = yield* tempFolder
    Object.assign(process.env, envOf(rented))
    const scope = yield* Effect.scope
    const connections = Context.get(yield* Layer.buildWithScope(Connections.layer({ timeoutMs: 3000 }), scope), Connections)
    const cloud = yield* make({ home, agentPath, connections }, openCatalogs(join(root, "daemon/catalog"), join(home, "catalog")))
    const folder = yield* tempFolder
    write(folder, { "train.py": "print(1)", "data/a": "1", link: "-> train.py" })
    return {
      cloud,
      files: yield* Effect.orDie(listFiles(folder)),
      takesAnyPath: true,
      readFile: (ref: { readonly address: string | null }, path: string) =>
        Effect.promise(() => readFile(join(rented.homeAt(ref.address!), path), "utf8").catch(() => null))
    }
  })
}
