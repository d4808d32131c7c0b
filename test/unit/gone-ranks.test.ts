/** The log of a job whose machine is gone: its reader is told what became of that, not what its old address answers. */
import { expect, it } from "vitest"
import { goneRanks, withGone } from "../../daemon/queries/gone-ranks.ts"
import { jobOf } from "../../projections/jobs.ts"
import { unreadText } from "../../sdk/client/copy-log.ts"
import { cluster, nodeId, rowAfter, type Said, started, up, worldOf } from "../fakes/facts.ts"

const began = started() as Said & { readonly _tag: "JobStarted" }
const both: Said = { ...began, ranks: [0, 1].map((rank) => ({ rank, node: nodeId(rank), nodeRank: rank, pid: 7 })) }
const facts = (...more: ReadonlyArray<Said>) => {
  const all = [...up(2), both, ...more]
  return goneRanks(rowAfter(all), jobOf(worldOf(all).jobs, cluster, 1))
}
const unread = [{ rank: 1, reason: "ubuntu@10.0.0.4, port 22: Host key verification failed." }]

it("says that it is gone, and what took it", () => {
  const gone = facts({ _tag: "NodeReleased", cluster, rank: 1, node: nodeId(1), reason: "AWS took the spot machine back." })
  const [one] = withGone(unread, gone)
  expect(unreadText(1, one!)).toBe("The log of rank 1 of job 1 is not all there, its machine is gone: AWS took the spot machine back")
})
it("says what its machine answers as long as it is there", () => {
  expect(facts().size).toBe(0)
  expect(withGone(unread, facts())).toEqual(unread)
})
