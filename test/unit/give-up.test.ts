/** How often a step is tried while somebody waits for it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { Aways } from "../../daemon/reactors/away.ts"
import { failure, isForbidden, saidBy } from "../../daemon/reactors/failure.ts"
import { giveUp } from "../../daemon/reactors/give-up.ts"
import type { Action } from "../../daemon/reactors/plan.ts"
import { Seq } from "../../events/ids.ts"
import { cluster, asked as launched, nodeId, offer, provisioned, requested, rowAfter, type Said, token, up } from "../fakes/facts.ts"

const lost: Said = { _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason: "no answer" }
const asked: ReadonlyArray<Said> = [requested("down"), [{ _tag: "DownRequested", cluster, purge: false } as never, "r-down"]]
const endsAt = (facts: ReadonlyArray<Said>, tries: number) => {
  const failed = { message: "no route", tries, nowMs: 1, final: false }
  const { events } = giveUp(rowAfter([...up(), ...facts])!, { _tag: "ReleaseNodes", ranks: [0] }, failed)
  return events.some((event) => !("_tag" in event) && event[0]._tag === "OperationFailed")
}

describe("an end that fails", () => {
  it("is waited for through five tries", () => {
    assert.deepStrictEqual(
      [4, 5].map((tries) => endsAt(asked, tries)),
      [false, true]
    )
  })
  it("of machines that were known to be away is told after the second, and tried on", () => {
    assert.deepStrictEqual(
      [1, 2].map((tries) => endsAt([lost, ...asked], tries)),
      [false, true]
    )
  })
  it("for a key that is not here records that, in a field", () => {
    const said = saidBy(new CloudError({ kind: "Refused", code: "KeyLost", message: "it lets nobody in", keyLost: true }))
    const { events } = giveUp(
      rowAfter([...up(), lost])!,
      { _tag: "InstallAgents", ranks: [0], operation: null },
      { ...said, tries: 1, nowMs: 1, final: true }
    )
    assert.include(JSON.stringify(events), `"keyLost":true`)
  })
  it("for want of rights has the exit code of that, another one has not", () => {
    const codeOf = (error: CloudError) => {
      const failed = { message: error.message, tries: 1, nowMs: 1, final: true, forbidden: isForbidden(error) }
      const { events } = giveUp(rowAfter([...up(), ...asked])!, { _tag: "ReleaseNodes", ranks: [0] }, failed)
      return events.flatMap((event) => (!("_tag" in event) && event[0]._tag === "OperationFailed" ? [event[0].error.exitCode] : []))
    }
    const refused = (more: object) => new CloudError({ kind: "Refused", code: "No", message: "you may not", ...more })
    assert.deepStrictEqual(codeOf(refused({ scope: "cloud", anyKind: true })), [4])
    assert.deepStrictEqual(codeOf(refused({ scope: "cloud", anyKind: true, want: "mending" })), [1])
    assert.deepStrictEqual(codeOf(refused({})), [1])
  })
  it("as what was asked for cannot be looked for is said to be that, not a launch's failure", () => {
    const pending: Said = { _tag: "NodeRequested", cluster, token, ranks: [0], offer }
    const failed = { message: "no route", tries: 5, nowMs: 1, final: false }
    const { events } = giveUp(rowAfter([...up(), pending, ...asked])!, { _tag: "LookFor", token }, failed)
    const said = JSON.stringify(events)
    assert.include(said, "looking for what it had asked for failed: no route")
    assert.include(said, "sky down --purge")
  })
})

it("an autostop that was refused names its cancel as the way on, and a cancel itself does not", () => {
  const hintOf = (idleMinutes: number) => {
    const set: Said = { _tag: "AutostopSet", cluster, idleMinutes, down: false }
    const failed = { message: "slow down", tries: 5, nowMs: 1, final: false }
    return failure(rowAfter([...up(), set])!, { _tag: "Arm", setting: Seq.make(1) }, failed).hint
  }
  assert.include(hintOf(5), "It is tried again by itself; to want none: sky autostop --cancel train")
  assert.match(hintOf(-1)!, /It is tried again by itself$/)
})

it("a machine that is there and may not be looked at is waited for where it is, with 5 s between looks", () => {
  const pending: Said = [{ _tag: "NodeRequested", cluster, token, ranks: [0], offer }, "r-launch"]
  const facts = [...up().slice(0, 4), pending]
  const failed = { message: "it may not be seen", tries: 1, nowMs: 100_000, final: false, goesOn: true, forbidden: true }
  const { events } = giveUp(rowAfter(facts)!, { _tag: "Provision", token }, failed)
  assert.deepStrictEqual(events, [
    { _tag: "ActionFailed", cluster, action: "Provision", message: "it may not be seen", retryAtMs: 105_000 }
  ])
})

describe("a machine that is not reached", () => {
  const error = new CloudError({ kind: "Transient", code: "NoRoute", message: "no route", unreached: true })
  const install: Action = { _tag: "InstallAgents", ranks: [0], operation: null }
  const noted = (facts: ReadonlyArray<Said>, aways: Aways, nowMs: number, cause: CloudError = error) =>
    Effect.runSync(aways.note(rowAfter([...up(), ...facts])!, install, cause, nowMs))
  const start: ReadonlyArray<Said> = [requested("start"), [{ _tag: "StartRequested", cluster, retryUntilUp: false } as never, "r-start"]]

  it("is away since the first time, until it is reached or something else is wrong", () => {
    const aways = new Aways()
    assert.deepStrictEqual(noted(start, aways, 1000), { sinceMs: 1000, action: "InstallAgents" })
    assert.deepStrictEqual(noted(start, aways, 5000), { sinceMs: 1000, action: "InstallAgents" })
    assert.isUndefined(noted(start, aways, 6000, new CloudError({ kind: "Transient", code: "PermissionDenied", message: "no" })))
    assert.deepStrictEqual(noted(start, aways, 7000), { sinceMs: 7000, action: "InstallAgents" })
  })

  it("since it came, where it has never been reached", () => {
    const row = rowAfter([...launched(), ...provisioned()])!
    assert.isFalse(row.nodes[0]!.ready)
    const since = row.nodes[0]!.sinceMs
    assert.deepStrictEqual(Effect.runSync(new Aways().note(row, install, error, since + 200_000)), {
      sinceMs: since,
      action: "InstallAgents"
    })
  })

  it("is kept, and what it costs is said where it does", () => {
    const failed = { message: "no route", tries: 9, nowMs: 1, final: false }
    const hintOf = (usdPerHour: number) => {
      const row = rowAfter([...launched(), ...provisioned()])!
      return failure({ ...row, offer: { ...offer, cloud: "gcp", usdPerHour } }, install, failed).hint
    }
    assert.include(hintOf(0.38), "train is kept as it is, runs, and costs $0.38 an hour. Try again: ")
    assert.include(hintOf(0), "train is kept as it is. Try again: ")
  })

  it("and was so before it was asked for anything is given up after some tries, as everything else", () => {
    assert.isUndefined(noted([lost, ...start], new Aways(), 1000))
  })
})
