/** Back with its owner's credentials, a cluster that a refresh saw is not told to be another's any more; else what is wrong stays told. */
import { expect, it } from "vitest"
import { refuseOther } from "../../daemon/commands/owner.ts"
import { asSeen } from "../../daemon/queries/as-seen.ts"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { observations } from "../../daemon/reactors/observations.ts"
import type { CredentialFault } from "../../events/values.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { cluster, nodeId, rowAfter, type Said, up, worldOf } from "../fakes/facts.ts"

const owned = up().map((said) => ("_tag" in said && said._tag === "PlaceChosen" ? { ...said, owner: ["AIDAANN"] } : said))
const { message } = refuseOther(rowAfter(owned)!, ["AIDABOB"])!
const unknown = { rank: 0, node: nodeId(0), state: "unknown", address: null, reason: message, down: false } as const
const lost = observations(rowAfter(owned)!, [unknown], { nowMs: 0, silent: new Set([nodeId(0)]) })
const failing = (why: string, credentials?: CredentialFault): Said => ({
  _tag: "ActionFailed",
  cluster,
  action: "InstallAgents",
  message: why,
  retryAtMs: 1,
  ...(credentials && { credentials })
})
const reasonAfter = (facts: ReadonlyArray<Said>) => conditionOf(asSeen(rowAfter(facts)!)).reason

it("is not said of its nodes, nor of what was tried in vain", () => {
  expect(conditionOf(rowAfter([...owned, ...lost])!).reason).toContain("belongs to AIDAANN")
  expect(conditionOf(rowAfter([...owned, ...lost, failing(message, "other")])!).reason).toContain("belongs to AIDAANN")
  expect(reasonAfter([...owned, ...lost])).toBe("the head: its agent went away")
  expect(reasonAfter([...owned, ...lost, failing(message, "other")])).toBe("the head: its agent went away")
})

it("is not said of credentials that were not taken, in whatever words", () => {
  expect(reasonAfter([...owned, ...lost, failing("Expired.", "invalid")])).toBe("the head: its agent went away")
})

it("changes nothing else", () => {
  expect(reasonAfter([...owned, ...lost, failing("no route to it")])).toBe("no route to it")
  const { jobs } = worldOf(owned)
  expect(clusterView(asSeen(rowAfter(owned)!), jobs, 9)).toEqual(clusterView(rowAfter(owned)!, jobs, 9))
})
