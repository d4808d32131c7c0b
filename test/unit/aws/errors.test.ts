/** What each of EC2's errors means: how far away it reaches, and whether asking again helps. */
import { describe, expect, it } from "vitest"
import { errorOf, isThrottled, noSuchType, provesNothingHeld, refusedBy } from "../../../daemon/clouds/aws/errors.ts"
import { endedFirst, failureOf, stateOf } from "../../../daemon/clouds/aws/states.ts"
import { withWayOn } from "../../../daemon/clouds/aws/way-on.ts"
import { NodeId } from "../../../events/ids.ts"

/** As AWS's SDK throws what EC2 has said; without a status what it was not told by anybody. */
const thrown = (name: string, httpStatusCode: number | null) =>
  Object.assign(new Error(`${name} in EC2's words.`), {
    name,
    $metadata: httpStatusCode === null ? {} : { httpStatusCode },
    ...(httpStatusCode !== null && { Code: name, $fault: "client" })
  })

describe("an error of EC2's", () => {
  it.each([
    ["InsufficientInstanceCapacity", 500, "zone"],
    ["InsufficientHostCapacity", 500, "zone"],
    ["InsufficientReservedInstanceCapacity", 400, "zone"],
    ["ReservationCapacityExceeded", 400, "zone"],
    ["SpotMaxPriceTooLow", 400, "zone"],
    ["Unsupported", 400, "zone"],
    ["InsufficientFreeAddressesInSubnet", 400, "zone"],
    ["UnfulfillableCapacity", 500, "zone"],
    ["VcpuLimitExceeded", 400, "region"],
    ["InstanceLimitExceeded", 400, "region"],
    ["MaxSpotInstanceCountExceeded", 400, "region"],
    ["VolumeLimitExceeded", 400, "region"],
    ["SecurityGroupLimitExceeded", 400, "region"],
    ["PendingVerification", 400, "region"],
    ["InvalidAMIID.NotFound", 400, "region"],
    ["VPCIdNotSpecified", 400, "region"],
    ["OptInRequired", 401, "region"],
    ["InvalidKMSKey.NotFound", 400, "region"],
    ["InvalidKMSKey.InvalidState", 400, "region"],
    ["UnsupportedOperation", 400, "region"],
    ["UnauthorizedOperation", 403, "cloud"],
    ["AuthFailure", 401, "cloud"],
    ["InvalidClientTokenId", 403, "cloud"],
    ["AuthFailure.ServiceLinkedRoleCreationNotPermitted", 403, "cloud"],
    ["AuthFailure.WhatComesNext", 403, "cloud"],
    ["ExpiredToken", 403, "cloud"],
    ["Blocked", 400, "cloud"],
    ["MarketplaceSubscription", 400, "cloud"],
    ["CredentialsProviderError", null, "cloud"],
    ["InvalidParameterValue", 400, "everywhere"],
    ["InvalidParameterCombination", 400, "everywhere"],
    ["InvalidBlockDeviceMapping", 400, "everywhere"],
    ["InvalidUserData.Malformed", 400, "everywhere"],
    ["TagLimitExceeded", 400, "everywhere"],
    ["WhatNobodyKnows", 400, "zone"]
  ] as const)("%s (%s) refuses the %s", (name, status, scope) => {
    const error = errorOf(thrown(name, status), "RunInstances", "us-east-1")
    expect(error).toMatchObject({ kind: "Refused", code: name, scope })
    expect(error.message).toBe(`${name} in EC2's words (${name}, RunInstances in us-east-1)`)
  })

  it("says whether it is room or quota that is missing, and nothing where it is neither", () => {
    const want = (name: string) => errorOf(thrown(name, 400), "RunInstances", "us-east-1").want
    const wants = (...names: ReadonlyArray<string>) => names.map(want)
    expect(wants("InsufficientInstanceCapacity", "ReservationCapacityExceeded", "UnfulfillableCapacity")).toEqual(["room", "room", "room"])
    expect(wants("PendingVerification"), "AWS gives an account that is new there nothing until it has looked at it").toEqual(["room"])
    expect(wants("VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "VolumeLimitExceeded")).toEqual(["quota", "quota", "quota"])
    expect(wants("InsufficientFreeAddressesInSubnet", "SpotMaxPriceTooLow", "SpotInstanceTermination")).toEqual(["room", "room", "room"])
    for (const name of ["Unsupported", "UnsupportedOperation", "InvalidKMSKey.NotFound", "AuthFailure", "WhatNobodyKnows"])
      expect([name, want(name)]).toEqual([name, undefined])
  })

  it("is of the region where it has no such type: its other zones are not asked", () => {
    expect(refusedBy(noSuchType, "there is no instance type p9 in us-east-1")).toMatchObject({ scope: "region" })
  })

  it("is of whatever machine is asked for there where it is of rights, the network or the region, and of one kind otherwise", () => {
    const isOfAny = (name: string) => errorOf(thrown(name, 400), "RunInstances", "us-east-1").anyKind ?? false
    for (const name of [
      "UnauthorizedOperation",
      "AuthFailure",
      "AuthFailure.WhatComesNext",
      "ExpiredToken",
      "CredentialsProviderError",
      "Blocked"
    ])
      expect([name, isOfAny(name)]).toEqual([name, true])
    for (const name of ["VPCIdNotSpecified", "DefaultVpcDoesNotExist", "InvalidVpcID.NotFound", "OptInRequired", "PendingVerification"])
      expect([name, isOfAny(name)]).toEqual([name, true])
    expect(isOfAny("InvalidKMSKey.NotFound"), "the key that the region's disks are encrypted by").toBe(true)
    // Another type may have another image, room and quota.
    for (const name of ["InsufficientInstanceCapacity", "VcpuLimitExceeded", "InvalidAMIID.NotFound", "MarketplaceSubscription"])
      expect([name, isOfAny(name)]).toEqual([name, false])
  })

  it("of a spot machine that takes a role which may not be made is of spot alone, and the user's to mend", () => {
    const role = "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
    const error = errorOf(thrown(role, 403), "RunInstances", "us-east-1")
    expect(error).toMatchObject({ scope: "cloud", want: "mending" })
    expect(error.anyKind, "a machine on demand takes no such role").toBeUndefined()
    expect(withWayOn(error, {}).message).toContain("aws iam create-service-linked-role --aws-service-name spot.amazonaws.com")
  })

  it.each([
    ["You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.", "region", true],
    ["Your account is not signed up for EC2.", "cloud", true],
    ["In order to use this AWS Marketplace product you need to accept terms and subscribe. To do so please visit x", "cloud", undefined]
  ] as const)("of what wants to be subscribed to reaches as far as it says: %s", (message, scope, anyKind) => {
    const error = errorOf(Object.assign(thrown("OptInRequired", 401), { message }), "RunInstances", "ap-east-1")
    expect([error.scope, error.anyKind]).toEqual([scope, anyKind])
  })

  it.each([
    ["RequestLimitExceeded", 503],
    ["Throttling", 400],
    ["ThrottlingException", 400],
    ["RequestResourceCountExceeded", 400],
    ["Unavailable", 503],
    ["InternalError", 500],
    ["ServiceUnavailable", 503],
    ["InvalidInstanceID.NotFound", 400],
    ["IncorrectInstanceState", 400],
    ["WhatNobodyKnows", 502],
    ["TimeoutError", null],
    ["ECONNREFUSED", null]
  ] as const)("%s (%s) is asked again", (name, status) => {
    expect(errorOf(thrown(name, status), "RunInstances", "us-east-1")).toMatchObject({ kind: "Transient", code: name })
  })

  it.each([
    ["Unknown", 403, "client"],
    ["NotFound", 404, "client"],
    ["Error", 200, undefined],
    ["SyntaxError", 403, undefined]
  ] as const)("is none where nobody of EC2 has named it: %s (%s)", (name, httpStatusCode, $fault) => {
    const $response = { headers: { "content-type": "text/html" } }
    const page = Object.assign(new Error("parse error"), { name, $fault, $metadata: { httpStatusCode }, $response })
    const error = errorOf(page, "RunInstances", "us-east-1")
    expect(error).toMatchObject({ kind: "Transient", code: "NotAws" })
    expect(error.message).toBe(`what answered is not AWS: HTTP ${httpStatusCode}, text/html (RunInstances in us-east-1)`)
  })

  it("tells that a token holds nothing only where EC2 has looked at it", () => {
    for (const code of ["InsufficientInstanceCapacity", "VcpuLimitExceeded"]) expect(provesNothingHeld(code)).toBe(true)
    for (const code of ["ExpiredToken", "UnauthorizedOperation", "InvalidParameterValue", "OptInRequired", "InvalidAMIID.NotFound"])
      expect(provesNothingHeld(code)).toBe(false)
  })

  it("says that a call was not made only where it was throttled", () => {
    expect(isThrottled("RequestLimitExceeded")).toBe(true)
    for (const code of ["InternalError", "Unavailable", "TimeoutError"]) expect(isThrottled(code)).toBe(false)
  })
})

describe("an instance", () => {
  const instance = (name: string, code?: string) => ({
    InstanceId: "i-1",
    State: { Name: name as "running" },
    PrivateIpAddress: "10.0.0.1",
    PublicIpAddress: "1.2.3.4",
    ...(code === undefined ? {} : { StateReason: { Code: code, Message: `${code}: words` } })
  })
  it("that ends as it begins is what EC2 would have said", () => {
    expect(failureOf(instance("terminated", "Server.InsufficientInstanceCapacity"))).toMatchObject({
      kind: "Refused",
      code: "InsufficientInstanceCapacity",
      scope: "zone"
    })
    expect(failureOf(instance("terminated", "Client.VolumeLimitExceeded"))).toMatchObject({ scope: "region", want: "quota" })
    expect(failureOf(instance("terminated", "Client.InvalidSnapshot.NotFound")).scope).toBe("region")
    // Of these another zone may know nothing.
    for (const code of ["Server.InternalError", "Server.SpotInstanceTermination"])
      expect(failureOf(instance("terminated", code))).toMatchObject({ kind: "Refused", scope: "zone" })
  })
  it("that a user has ended is wanted nowhere else; of a gang that we end after it fell short the reason is that of the first", () => {
    const byUser = instance("terminated", "Client.UserInitiatedShutdown")
    expect(failureOf(byUser)).toMatchObject({ kind: "Refused", scope: "everywhere", anyKind: true })
    const noRoom = instance("terminated", "Server.InsufficientInstanceCapacity")
    expect(endedFirst([byUser, instance("running"), noRoom])).toBe(noRoom)
    expect(endedFirst([instance("running"), byUser])).toBe(byUser)
    expect(endedFirst([instance("running"), instance("pending")])).toBeUndefined()
  })
  it.each([
    ["pending", "running", "1.2.3.4"],
    ["running", "running", "1.2.3.4"],
    ["stopping", "stopped", null],
    ["stopped", "stopped", null],
    ["shutting-down", "missing", null],
    ["terminated", "missing", null]
  ] as const)("that is %s is %s", (name, state, address) => {
    expect(stateOf(instance(name), { rank: 0, node: NodeId.make("t-0") }, false)).toMatchObject({ state, address })
  })
  it("is reached at its private address where the user wants no other", () => {
    expect(stateOf(instance("running"), { rank: 0, node: NodeId.make("t-0") }, true).address).toBe("10.0.0.1")
  })
  it("says since when it has ended, where EC2 tells", () => {
    const told = (StateTransitionReason: string, name = "stopped") =>
      stateOf({ ...instance(name), StateTransitionReason }, { rank: 0, node: NodeId.make("t-0") }, false).endedAtMs
    const atMs = Date.UTC(2026, 10, 27, 3, 10, 11)
    expect(told("User initiated (2026-11-27 03:10:11 GMT)")).toBe(atMs)
    expect(told("User initiated (2026-11-27 03:10:11 GMT)", "terminated")).toBe(atMs)
    for (const text of ["", "User initiated", "Server.SpotInstanceTermination: a price (soon)", "User initiated (2026-99-27 03:10:11 GMT)"])
      expect(told(text)).toBeUndefined()
    expect(told("User initiated (2026-11-27 03:10:11 GMT)", "running")).toBeUndefined()
  })
  it("says who ended it", () => {
    const told = (code: string) => stateOf(instance("terminated", code), { rank: 0, node: NodeId.make("t-0") }, false).reason
    expect(told("Server.SpotInstanceTermination")).toBe("terminated: AWS took the spot machine back (Server.SpotInstanceTermination)")
    expect(told("Client.InstanceInitiatedShutdown")).toContain("by itself")
  })
})
