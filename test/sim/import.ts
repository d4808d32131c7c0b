/**
 * The first start over an imported log, to play in: what was asked before, where the log ends, and what happened to the world meanwhile.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { Event } from "../../events/Event.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { afterImport, boot, type SimDaemon } from "./SimDaemon.ts"
import { factsOf } from "./scene.ts"
import { check, makeWorld, settle, started } from "./world.ts"

export type Ask = readonly [id: string, method: CommandName, params: object]
export const launch: Ask = ["l", "launch", { clusterName: "a", task: { run: "1 0", num_nodes: 2 } }]
export const endAll = (world: SimCloud) => {
  for (const [node, { agent }] of world.machines) {
    agent.endAll("FAILED", "the machine ended")
    agent.die()
    world.machines.delete(node)
  }
}

export interface Later {
  readonly daemon: SimDaemon
  readonly world: SimCloud
  readonly disk: MemoryDisk
  /** What the cloud was told to do since the import. */
  readonly deeds: () => ReadonlyArray<string>
}

/** All that is asked is carried out; then the log ends with the last fact of this kind, and its import is served. */
export const imported = (
  asked: ReadonlyArray<Ask>,
  last: Event["_tag"],
  meanwhile: (world: SimCloud) => void,
  then: (later: Later) => void,
  refused: ReadonlyArray<string> = []
) =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    for (const name of refused) world.faults.set(name, new CloudError({ kind: "Transient", code: "Busy", message: "not now" }))
    const first = (yield* started(boot(disk, world)))!
    for (const [id, method, params] of asked) {
      yield* Effect.forkDetach(first.send(method, id, params), { startImmediately: true })
      yield* settle(first, 8)
    }
    yield* first.kill
    disk.splice(factsOf(disk).findLastIndex(({ _tag }) => _tag === last) + 1)
    meanwhile(world)
    world.reached.splice(0)
    const daemon = (yield* started(boot(disk, world, afterImport)))!
    yield* settle(daemon, 8)
    const deeds = () => world.reached.filter((point) => /^cloud\.(provision|start|stop|terminate|put):before/.test(point))
    then({ daemon, world, disk, deeds })
    check(daemon, world, disk)
    yield* daemon.kill
  })

export const rowIn = ({ daemon }: Later) => rowNamed(daemon.log.world().clusters, "a")
export const outcomeIn = ({ daemon }: Later, id: string) => operationOf(daemon.log.world().operations, id)?.outcome
export const assertFailed = (later: Later, id: string, method: string) => {
  const outcome = outcomeIn(later, id)
  if (outcome?._tag !== "failed") return assert.fail(`${id} is ${outcome?._tag}`)
  assert.include(outcome.error, {
    message: `${method} of a was open when the log was imported, and is not carried on.`,
    hint: "If it is still wanted, run it again."
  })
}
