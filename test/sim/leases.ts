/** Who has which machine, held against the log. */
import { assert } from "@effect/vitest"
import { HashMap } from "effect"
import { strangers } from "../fakes/SimMachine.ts"
import type { SimPool } from "../fakes/SimPool.ts"
import type { SimDaemon } from "./SimDaemon.ts"

/** Each machine that the log has is leased to its node, and no other is leased but to strangers. */
export const checkLeases = (daemon: SimDaemon, world: SimPool) => {
  const { abandoned, unanswered } = daemon.log.world().clusters
  assert.deepStrictEqual([HashMap.size(abandoned), HashMap.size(unanswered)], [0, 0], "what a purge has dropped has not ended")
  const rows = [...HashMap.values(daemon.log.world().clusters.rows)]
  const expected = rows.flatMap(({ nodes }) => nodes.filter(({ state }) => state === "running").map(({ host, node }) => `${host} ${node}`))
  const found = world.pool.flatMap(({ host, lease }) => (lease === null || lease === strangers ? [] : [`${host} ${lease}`]))
  assert.sameMembers(found, expected, "leases are not as the log says")
}
