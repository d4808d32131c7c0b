/** Which daemon answers and what it has to do; the wish that it ends. */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import { unfinishedOf } from "../../projections/jobs.ts"
import { runningCount } from "../../projections/operations.ts"
import { RuntimeError } from "../../sdk/protocol/errors.ts"
import type { DaemonStop } from "../../sdk/protocol/queries.ts"
import type { Identity } from "../life/Identity.ts"
import type { Notices } from "../Notices.ts"
import type { World } from "../World.ts"

const countsOf = ({ clusters, jobs, operations }: World) => {
  const rows = [...HashMap.values(clusters.rows)]
  return {
    clusters: rows.length,
    runningJobs: rows.reduce((sum, row) => sum + unfinishedOf(jobs, row.id).length, 0),
    runningOperations: runningCount(operations)
  }
}

const whyNot = (notices: Notices["Service"]): string | undefined => {
  if (notices.get("places") !== undefined) return "only it holds all of its log: sky audit export FILE saves that first"
  if (notices.get("found") === undefined) return undefined
  return "its log is damaged, and the next one only answers: end what runs first, and save what is proven with sky audit export FILE"
}

/** `areReactorsOn`: where they are off, no operation goes on. */
export const daemonAnswers = (identity: Identity["Service"], world: () => World, notices: Notices["Service"], areReactorsOn: boolean) => ({
  "daemon.status": () =>
    Effect.sync(() => {
      const { build, home, pid, socket, startedAtMs, version } = identity
      const now = world()
      return { pid, version, build, log: now.clusters.log, head: now.at, startedAtMs, home, socket, ...countsOf(now) }
    }),
  "daemon.stop": Effect.fnUntraced(function* ({ force, ifIdle }: typeof DaemonStop.Type) {
    const { runningJobs, runningOperations } = countsOf(world())
    const why = whyNot(notices)
    if (why !== undefined && !ifIdle && !force)
      return yield* new RuntimeError({
        message: `The daemon is not ended, for ${why}.`,
        hint: "sky status says what happened to the log. To end it all the same: sky daemon stop --force"
      })
    const stopping = !ifIdle || (why === undefined && (runningOperations === 0 || !areReactorsOn))
    return { stopping, runningJobs, runningOperations }
  })
})
