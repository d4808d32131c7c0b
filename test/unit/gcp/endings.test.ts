/** How instances ended, as operations tell it, and what that makes of a node. */
import { describe, expect, it } from "vitest"
import type { Operation } from "../../../daemon/clouds/gcp/api.ts"
import { endedKey, endingOfOff, endingsOf, inWords, isForgotten, isOver, refusalOf } from "../../../daemon/clouds/gcp/endings.ts"
import { addressOf, phaseOf, stateOf } from "../../../daemon/clouds/gcp/states.ts"
import { NodeId } from "../../../events/ids.ts"

const at = (minute: number) => `2026-11-27T03:0${minute}:00.000-07:00`
const operation = (operationType: string, minute: number, more: object = {}): Operation => ({
  operationType,
  targetLink: "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/one",
  status: "DONE",
  user: "ann@example.com",
  insertTime: at(minute),
  endTime: at(minute),
  ...more
})
const endingOf = (...operations: ReadonlyArray<object>) => endingsOf(operations).get("one")

describe("an instance", () => {
  it("was deleted or stopped by who asked for it", () => {
    expect(inWords(endingOf(operation("insert", 0), operation("delete", 1)))).toBe("by a call to GCP of ann@example.com")
    expect(endingOf(operation("stop", 1))).toMatchObject({ how: "stopped", atMs: Date.parse(at(1)) })
  })
  it("was deleted by the account that machines have for their autodown: that is said", () => {
    const ending = endingOf(operation("delete", 1))
    expect(inWords(ending, "ann@example.com")).toBe("by ann@example.com, as which machines delete themselves at autodown (gcp.self_delete)")
    expect(inWords(ending, "other@example.com")).toBe("by a call to GCP of ann@example.com")
  })
  it("was taken back, also where GCP deletes it after that", () => {
    const taken = operation("compute.instances.preempted", 1, { user: "system" })
    expect(inWords(endingOf(taken))).toBe("GCP took the spot machine back")
    expect(endingOf(taken, operation("delete", 2, { user: "system" }))).toMatchObject({ how: "preempted", atMs: Date.parse(at(2)) })
  })
  it("ended by itself, or with its host, or was ended by GCP for a reason that it does not say", () => {
    expect(inWords(endingOf(operation("compute.instances.guestTerminate", 1, { user: "system" })))).toBe("by itself")
    expect(inWords(endingOf(operation("compute.instances.hostError", 1, { user: "system" })))).toBe("its host failed")
    expect(inWords(endingOf(operation("stop", 1, { user: "system" })))).toBe("by GCP itself")
  })
  it("by the last of it: what was before a start says nothing", () => {
    expect(endingOf(operation("stop", 1), operation("start", 2))).toBeUndefined()
    expect(endingOf(operation("compute.instances.guestTerminate", 3), operation("stop", 1), operation("start", 2))).toMatchObject({
      how: "itself"
    })
  })
  it("is not gone while its end is on its way, nor by one that failed", () => {
    expect(endingOf(operation("delete", 1, { status: "RUNNING" }))).toBeUndefined()
    expect(endingOf(operation("delete", 1, { error: { errors: [{ code: "RESOURCE_IN_USE" }] } }))).toBeUndefined()
  })
  it("is gone by a deletion, or where it never began: not by what only stopped it", () => {
    const failed = operation("insert", 1, { error: { errors: [{ code: "ZONE_RESOURCE_POOL_EXHAUSTED" }] } })
    const taken = operation("compute.instances.preempted", 1, { user: "system" })
    for (const end of [operation("delete", 1), failed, taken]) expect(isOver(endingOf(end))).toBe(true)
    const off = ["stop", "suspend", "compute.instances.guestTerminate", "compute.instances.hostError"]
    for (const how of off) expect(isOver(endingOf(operation(how, 1)))).toBe(false)
    // It was asked for again, and is there.
    expect(isOver(endingOf(failed, operation("insert", 2)))).toBe(false)
    expect(isOver(undefined)).toBe(false)
  })
  it("is one of which GCP has forgotten the end only after two weeks by GCP's clock, where it remembers nothing of the time up to it", () => {
    const two = { name: "two", status: "TERMINATED", lastStartTimestamp: at(1), lastStopTimestamp: at(5) }
    const one = { ...two, name: "one" }
    const later = Date.parse(at(5)) + 14 * 86_400_000
    expect(isForgotten(one, [], later)).toBe(true)
    expect(isForgotten(one, [], later - 1)).toBe(false)
    expect(isForgotten(one, [], null)).toBe(false)
    expect(isForgotten(one, [operation("setLabels", 6)], later)).toBe(true)
    expect(isForgotten(one, [operation("setLabels", 4)], later)).toBe(false)
    expect(isForgotten(two, [operation("setLabels", 4)], later)).toBe(true)
    // In whichever way it was off: after weeks GCP stops what is suspended.
    expect(isForgotten({ ...one, lastSuspendedTimestamp: at(2) }, [], later)).toBe(false)
    expect(isForgotten({ ...one, lastSuspendedTimestamp: at(0) }, [], later)).toBe(true)
    expect(isForgotten({ ...one, status: "SUSPENDED", lastSuspendedTimestamp: at(0) }, [], later)).toBe(false)
  })
  it("that never began is refused by the reason of that", () => {
    const failed = operation("insert", 1, { error: { errors: [{ code: "ZONE_RESOURCE_POOL_EXHAUSTED", message: "None." }] } })
    expect(refusalOf(["one"], [failed])).toMatchObject({ kind: "Refused", code: "ZONE_RESOURCE_POOL_EXHAUSTED", scope: "zone" })
  })
  it("that ended as it began is refused by what was first: those that are left are ended by us", () => {
    const ofOther = { targetLink: operation("", 0).targetLink!.replace(/one$/, "two") }
    const taken = operation("compute.instances.preempted", 1, { user: "system" })
    const cleared = [operation("delete", 3), operation("delete", 2, ofOther)]
    expect(refusalOf(["two", "one"], [...cleared, taken])).toMatchObject({ kind: "Refused", code: "PREEMPTED", scope: "zone" })
    expect(refusalOf(["two", "one"], cleared)).toMatchObject({
      scope: "everywhere",
      message: expect.stringMatching(/^two ended as it began: by/)
    })
    expect(refusalOf(["two", "one"], [])).toBeUndefined()
  })
  it("that its user ends as it begins is wanted nowhere else, unlike one that GCP ends", () => {
    for (const how of ["delete", "stop"])
      expect(refusalOf(["one"], [operation(how, 1)])).toMatchObject({ kind: "Refused", scope: "everywhere", anyKind: true })
    expect(refusalOf(["one"], [operation("stop", 1, { user: "system" })])).toMatchObject({ kind: "Refused", scope: "zone" })
  })
})

describe("an instance that is off", () => {
  const itself = operation("compute.instances.guestTerminate", 1, { user: "system" })
  const off = { name: "one", status: "TERMINATED", lastStartTimestamp: at(0), lastStopTimestamp: at(1) }
  it("is told by what ended it since it began, also where that it began is not listed", () => {
    expect(endingOfOff(off, [itself])).toMatchObject({ how: "itself" })
    expect(endingOfOff({ ...off, lastStartTimestamp: at(2), lastStopTimestamp: at(3) }, [itself])).toBeUndefined()
    expect(endingOfOff({ ...off, lastStopTimestamp: at(3) }, [itself, operation("resume", 2)])).toBeUndefined()
    expect(endingOfOff({ ...off, lastSuspendedTimestamp: at(2), lastStopTimestamp: at(3) }, [itself])).toBeUndefined()
    // A start that failed is none.
    expect(endingOfOff(off, [itself, operation("start", 2, { error: { errors: [{ code: "STOCKOUT" }] } })])).toMatchObject({
      how: "itself"
    })
  })
  it("is told by what fits how it is: a suspension suspends, and is no shutdown", () => {
    const suspended = { ...off, status: "SUSPENDED", lastSuspendedTimestamp: at(3) }
    expect(endingOfOff(suspended, [itself])).toBeUndefined()
    expect(inWords(endingOfOff(suspended, [itself, operation("suspend", 3)]))).toBe("suspended by a call to GCP of ann@example.com")
    expect(endingOfOff(off, [operation("suspend", 1)])).toBeUndefined()
  })
  it("is another end whenever it goes off", () => {
    const suspended = { ...off, status: "SUSPENDED", lastSuspendedTimestamp: at(3) }
    const keys = [off, suspended, { ...suspended, lastSuspendedTimestamp: at(4) }, { ...off, lastStopTimestamp: at(5) }].map(endedKey)
    expect(new Set(keys).size).toBe(4)
  })
})

describe("a node", () => {
  const about = (endsItself = false) => ({ rank: 0, node: NodeId.make("t-0"), endsItself }) as never
  const nic = { networkIP: "10.0.0.2", accessConfigs: [{ natIP: "198.18.0.2" }] }
  it.each([
    ["PROVISIONING", "pending"],
    ["STAGING", "pending"],
    ["REPAIRING", "pending"],
    ["RUNNING", "running"],
    ["PENDING_STOP", "stopping"],
    ["STOPPING", "stopping"],
    ["SUSPENDING", "stopping"],
    ["SUSPENDED", "stopped"],
    ["STOPPED", "stopped"],
    ["TERMINATED", "stopped"],
    ["WHAT_IS_NEW", "pending"]
  ])("that is %s is %s", (status, phase) => {
    expect(phaseOf({ status })).toBe(phase)
  })
  it("is reached outside, or inside where the user wants that or there is nothing else", () => {
    expect(addressOf({ networkInterfaces: [nic] }, false)).toBe("198.18.0.2")
    expect(addressOf({ networkInterfaces: [nic] }, true)).toBe("10.0.0.2")
    expect(addressOf({ networkInterfaces: [{ networkIP: "10.0.0.2", accessConfigs: [{}] }] }, false)).toBe("10.0.0.2")
    expect(addressOf({ networkInterfaces: [{}] }, false)).toBeNull()
  })
  it("is paid for up to when it went off, as GCP says", () => {
    const instance = { status: "TERMINATED", lastStopTimestamp: at(4) }
    expect(stateOf(instance, about(), undefined, false)).toMatchObject({ state: "stopped", endedAtMs: Date.parse(at(4)) })
    // It may be gone after that.
    expect(stateOf({ ...instance, status: "STOPPING" }, about(), undefined, false)).toMatchObject({ state: "unknown" })
  })
  it("that is suspended has not ended its cluster, whatever is told of it", () => {
    const suspended = { status: "SUSPENDED", lastSuspendedTimestamp: at(4), lastStopTimestamp: at(1) }
    const itself = endingOf(operation("compute.instances.guestTerminate", 1))
    for (const ending of [undefined, itself])
      expect(stateOf(suspended, about(true), ending, false)).toMatchObject({ state: "stopped", down: false })
    expect(stateOf(suspended, about(true), undefined, false)).toMatchObject({ reason: "stopped: suspended", endedAtMs: Date.parse(at(4)) })
  })
  it("has ended its cluster only where it was to, and shut itself down", () => {
    const off = { status: "TERMINATED" }
    const itself = endingOf(operation("compute.instances.guestTerminate", 1))
    expect(stateOf(off, about(true), itself, false).down).toBe(true)
    expect(stateOf(off, about(false), itself, false).down).toBe(false)
    for (const other of [endingOf(operation("stop", 1)), endingOf(operation("compute.instances.hostError", 1)), undefined])
      expect(stateOf(off, about(true), other, false).down).toBe(false)
  })
})
