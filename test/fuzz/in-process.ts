/** The daemon in this process, its real socket in a folder of the test; disk, secrets and cloud are in memory, and the cloud is small. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, Duration, Effect, Exit, Layer, Logger, Scope } from "effect"
import { type Cloud, CloudError } from "../../daemon/clouds/Cloud.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import * as Daemon from "../../daemon/Daemon.ts"
import { Disk } from "../../daemon/home/Disk.ts"
import * as IpcServer from "../../daemon/ipc/IpcServer.ts"
import { Leaks } from "../../daemon/leaks/Leaks.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import { Lifecycle } from "../../daemon/life/Lifecycle.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import { Notices } from "../../daemon/Notices.ts"
import { Queries } from "../../daemon/queries/Queries.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import { Unlogged } from "../../daemon/read-only/Unlogged.ts"
import { Dispatcher } from "../../daemon/requests/Dispatcher.ts"
import { Operations } from "../../daemon/requests/Operations.ts"
import { Requests } from "../../daemon/requests/Requests.ts"
import { SshNames } from "../../daemon/ssh-names/SshNames.ts"
import { FileLister } from "../../daemon/sync/FileLister.ts"
import { SimCloud } from "../fakes/SimCloud.ts"
import { secretsIn } from "../sim/SimDaemon.ts"

const machinesMax = 6
const ranksMax = 2
export const names = ["a", "b", "train"]

/** What agents wait for has happened at once; what takes idle minutes does not happen here. */
const sleep = (duration: Duration.Duration) => (Duration.toMillis(duration) < 30_000 ? Effect.void : Effect.never)
const hasty: Clock.Clock = { ...Clock.Clock.defaultValue(), sleep } as Clock.Clock

/** It never has more than a few machines, so that a run does not grow by what it launches. */
const small = (world: SimCloud): Cloud => ({
  ...world.cloud,
  provision: (request) =>
    world.machines.size < machinesMax && request.ranks.length <= ranksMax
      ? world.cloud.provision(request)
      : Effect.fail(new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left" }))
})

export interface InProcess {
  readonly socket: string
  readonly disk: MemoryLogStore.MemoryDisk
  /** What the daemon said of its own faults. */
  readonly complaints: ReadonlyArray<string>
  readonly secretsKept: () => number
  readonly end: () => Promise<void>
}

export const startInProcess = async (): Promise<InProcess> => {
  const home = mkdtempSync(join(tmpdir(), "skyd-fuzz-"))
  const socket = join(home, "sock")
  const disk: MemoryLogStore.MemoryDisk = []
  const complaints: Array<string> = []
  const world = new SimCloud({ inWorld: (work) => Effect.runFork(Effect.provideService(work, Clock.Clock, hasty)), nowMs: Date.now })
  const actor = { kind: "daemon" as const, uid: 1, host: "fuzz" }
  const identity = { home, socket, version: "0", build: "0+0", pid: 1, user: "ann", actor, startedAtMs: 0 }
  const logger = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Error" || logLevel === "Fatal") complaints.push(String(message))
  })
  const layer = IpcServer.layer.pipe(
    Layer.provideMerge(Requests.layer),
    Layer.provideMerge(Layer.mergeAll(Layer.provide(Operations.layer, SshNames.none), Layer.provide(Queries.layer, Leaks.layer))),
    Layer.provideMerge(Daemon.core(Reactors.on)),
    Layer.provide([
      // Being asked to stop is answered, and nothing else comes of it.
      Layer.succeed(Lifecycle, { end: () => undefined, ended: Effect.never }),
      MemoryLogStore.layer(disk),
      secretsIn(world.secrets),
      Disk.endless,
      Notices.layer,
      Unlogged.refused,
      Layer.succeed(Clouds, new Map([[world.cloud.name, small(world)]])),
      Layer.succeed(FileLister, () => Effect.succeed({ root: "/w", entries: [], files: 1, bytes: 1 })),
      Logger.layer([logger])
    ]),
    Layer.provideMerge(Layer.succeed(Identity, identity))
  )
  const scope = Effect.runSync(Scope.make())
  const services = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const launch = (name: string) =>
    Dispatcher.use((dispatcher) =>
      dispatcher.dispatch({ method: "launch", params: { clusterName: name, task: { run: "0 0" } }, requestId: undefined, caller: {} })
    ).pipe(Effect.provideContext(services), Effect.runPromise)
  for (const name of names.slice(0, 2)) await launch(name)
  return {
    socket,
    disk,
    complaints,
    secretsKept: () => world.secrets.size,
    end: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(home, { recursive: true, force: true })
    }
  }
}
