/** What each of Compute Engine's errors means: how far away it reaches, and whether asking again helps. */
import { describe, expect, it } from "vitest"
import { errorOf, isThrottled } from "../../../daemon/clouds/gcp/errors.ts"
import { failureOf } from "../../../daemon/clouds/gcp/failures.ts"

const answered = (status: number, reason: string | null, message = `${reason} in Google's words.`) =>
  errorOf(
    Object.assign(new Error(message), { code: 7, httpStatusCode: status }),
    { error: { message, ...(reason !== null && { errors: [{ reason, message }] }) } },
    "instances.bulkInsert",
    "us-central1-a"
  )
const failed = (...errors: ReadonlyArray<{ readonly code: string; readonly message?: string }>) =>
  failureOf({ error: { errors: [...errors] }, operationType: "bulkInsert", zone: "https://x/zones/us-central1-a", status: "DONE" })

describe("an answer that is an error", () => {
  it.each([
    [403, "quotaExceeded", "Quota 'CPUS' exceeded. Limit: 8.0 in region us-central1.", "quotaExceeded", "region"],
    [403, "quotaExceeded", "Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally.", "quotaExceeded", "cloud"],
    [403, "forbidden", "Required 'compute.instances.create' permission", "forbidden", "cloud"],
    [403, "accessNotConfigured", "Compute Engine API has not been used in project 1 before", "accessNotConfigured", "cloud"],
    [403, "forbidden", "Compute Engine API has not been used in project 1 before or it is disabled.", "SERVICE_DISABLED", "cloud"],
    [403, "forbidden", "This API method requires billing to be enabled.", "BILLING_DISABLED", "cloud"],
    [412, "conditionNotMet", "Constraint constraints/compute.vmExternalIpAccess violated", "ORG_POLICY", "cloud"],
    [401, "authError", "Invalid Credentials", "authError", "cloud"],
    [404, "notFound", "The resource 'projects/p/zones/z/machineTypes/n9-standard-1' was not found", "RESOURCE_NOT_FOUND", "zone"],
    [
      400,
      "invalid",
      "Invalid value for field 'resource.machineType': 'x/machineTypes/n9-1'. It does not exist.",
      "RESOURCE_NOT_FOUND",
      "zone"
    ],
    [400, "invalid", "The referenced acceleratorTypes/nvidia-l9 does not exist in zone z.", "RESOURCE_NOT_FOUND", "zone"],
    [404, "notFound", "The resource 'projects/p/global/images/none' was not found", "IMAGE_NOT_FOUND", "cloud"],
    [404, "notFound", "The resource 'projects/lab-x' was not found", "PROJECT_NOT_FOUND", "cloud"],
    [404, "notFound", "Failed to find project lab-x", "PROJECT_NOT_FOUND", "cloud"],
    [404, "notFound", "The resource 'projects/p/zones/z/instances/one' was not found", "notFound", "zone"],
    [400, "invalid", "Requested disk size cannot be smaller than the image size (50 GB)", "DISK_SMALLER_THAN_IMAGE", "cloud"],
    [503, "insufficientCapacity", "There is none.", "insufficientCapacity", "zone"],
    [400, "invalid", "Invalid value for field 'resource.labels'", "invalid", "everywhere"],
    [400, "badRequest", "[T4, MIGRATE] features are not compatible for creating instance.", "badRequest", "everywhere"],
    [409, "whatNobodyKnows", "Hm.", "whatNobodyKnows", "zone"]
  ] as const)("%s %s (%s) is %s and refuses the %s", (status, reason, message, code, scope) => {
    expect(answered(status, reason, message)).toMatchObject({ kind: "Refused", code, scope })
  })

  it.each([
    [403, "rateLimitExceeded"],
    [403, "userRateLimitExceeded"],
    [429, "rateLimitExceeded"],
    [503, "backendError"],
    [500, "internalError"],
    [400, "resourceInUseByAnotherResource"],
    [400, "resourceNotReady"],
    [502, null]
  ] as const)("%s %s is asked again", (status, reason) => {
    expect(answered(status, reason)).toMatchObject({ kind: "Transient" })
  })

  it.each([400, 401, 403, 404, 409, 410])("%s without a word of the API's refuses nothing, and is nothing that is not there", (status) => {
    const thrown = Object.assign(new Error("<html>No way</html>"), { code: 7, httpStatusCode: status })
    for (const body of [undefined, {}])
      expect(errorOf(thrown, body, "instances.get", "z")).toEqual(
        expect.objectContaining({
          kind: "Transient",
          code: `${status}`,
          message: `what answered for GCP is not its API: HTTP ${status} (${status}, instances.get in z)`
        })
      )
  })

  it("says what was asked, where, and what Google said", () => {
    expect(answered(403, "forbidden", "You may not.").message).toBe("You may not (forbidden, instances.bulkInsert in us-central1-a)")
  })

  it("that is none of Google's is asked again, but for credentials that are over", () => {
    const lost = Object.assign(new Error("socket hang up"), { code: 14, cause: { code: "ECONNRESET" } })
    expect(errorOf(lost, undefined, "instances.get", "")).toMatchObject({ kind: "Transient", code: "ECONNRESET" })
    const late = Object.assign(new Error("Deadline exceeded"), { code: 4 })
    expect(errorOf(late, undefined, "instances.get", "")).toMatchObject({ kind: "Transient", code: "4" })
    const over = new Error("Getting metadata from plugin failed with error: invalid_grant")
    expect(errorOf(over, undefined, "instances.get", "")).toMatchObject({
      kind: "Refused",
      code: "Credentials",
      scope: "cloud",
      anyKind: true
    })
  })
  it("says whether it is room or quota that is missing, and nothing where it is neither", () => {
    const want = (code: string) => failed({ code, message: "Its words." })!.want
    expect(["ZONE_RESOURCE_POOL_EXHAUSTED", "REGION_RESOURCE_POOL_EXHAUSTED", "GPU_STOCKOUT"].map(want)).toEqual(["room", "room", "room"])
    expect(["QUOTA_EXCEEDED", "limitExceeded"].map(want)).toEqual(["quota", "quota"])
    expect(want("RESOURCE_NOT_READY"), "GCP has answered, and holds nothing of it").toBe("time")
    for (const code of ["IP_SPACE_EXHAUSTED", "RESOURCE_NOT_FOUND", "SERVICE_DISABLED", "UNSUPPORTED_OPERATION", "WHAT_NOBODY_KNOWS"])
      expect([code, want(code)]).toEqual([code, undefined])
    const taken = failed({ code: "UNSUPPORTED_OPERATION", message: "Instance 'a-0' was preempted while it was created." })
    expect(taken).toMatchObject({ code: "PREEMPTED", scope: "zone", want: "room" })
  })
})

describe("an operation that failed", () => {
  it.each([
    ["ZONE_RESOURCE_POOL_EXHAUSTED", "zone"],
    ["ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "zone"],
    ["RESOURCE_POOL_EXHAUSTED", "zone"],
    ["GPU_STOCKOUT", "zone"],
    ["INSUFFICIENT_CAPACITY", "zone"],
    ["UNSUPPORTED_OPERATION", "zone"],
    ["RESOURCE_NOT_READY", "zone"],
    ["RESOURCE_NOT_FOUND", "zone"],
    ["REGION_RESOURCE_POOL_EXHAUSTED", "region"],
    ["QUOTA_EXCEEDED", "region"],
    ["IP_SPACE_EXHAUSTED", "region"],
    ["SUBNET_NOT_FOUND", "region"],
    ["VPC_NOT_FOUND", "cloud"],
    ["IAM_PERMISSION_DENIED", "cloud"],
    ["SERVICE_DISABLED", "cloud"],
    ["BILLING_DISABLED", "cloud"],
    ["WHAT_NOBODY_KNOWS", "zone"]
  ] as const)("by %s refuses the %s", (code, scope) => {
    expect(failed({ code, message: "Its words." })).toMatchObject({ kind: "Refused", code, scope })
  })
  it("by a quota of all regions together refuses the cloud", () => {
    expect(failed({ code: "QUOTA_EXCEEDED", message: "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally." })).toMatchObject({
      scope: "cloud"
    })
    const cpus = failed({ code: "QUOTA_EXCEEDED", message: "Quota 'CPUS_ALL_REGIONS' exceeded.  Limit: 12.0 globally." })
    expect(cpus).toMatchObject({ scope: "cloud", anyKind: true })
  })
  it("by a policy refuses the cloud, whatever machine is asked for", () => {
    const message = "Constraint constraints/compute.vmExternalIpAccess violated for project 1."
    expect(failed({ code: "CONDITION_NOT_MET", message })).toMatchObject({ code: "ORG_POLICY", scope: "cloud", anyKind: true })
  })
  it("that passes is put off, of what ends, starts or changes and of what makes machines", () => {
    const of = (operationType: string, code: string) => failureOf({ operationType, error: { errors: [{ code, message: "m" }] } })
    const passing = [
      "RESOURCE_OPERATION_RATE_EXCEEDED",
      "RESOURCE_IN_USE",
      "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
      "backendError",
      "INTERNAL_ERROR"
    ]
    for (const kind of ["delete", "start", "stop", "resume", "setLabels", "bulkInsert"])
      for (const code of passing) expect([kind, code, of(kind, code)?.kind]).toEqual([kind, code, "Transient"])
    expect(of("start", "RESOURCE_NOT_READY")).toMatchObject({ kind: "Transient" })
    expect(of("start", "ZONE_RESOURCE_POOL_EXHAUSTED")).toMatchObject({ kind: "Refused", scope: "zone" })
    expect(isThrottled("RESOURCE_OPERATION_RATE_EXCEEDED")).toBe(true)
  })
  it("that makes machines refuses the zone where what they need is not ready there", () => {
    const targetLink = "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/one"
    const error = { errors: [{ code: "RESOURCE_NOT_READY", message: "m" }] }
    expect(failureOf({ operationType: "bulkInsert", error })).toMatchObject({ kind: "Refused", scope: "zone" })
    expect(failureOf({ operationType: "insert", targetLink, error })).toMatchObject({ kind: "Refused", scope: "zone" })
    // A rule waits for its network.
    expect(failureOf({ operationType: "insert", targetLink: targetLink.replace("instances", "firewalls"), error })?.kind).toBe("Transient")
  })
  it("tells all of its causes, and is classed by the first that says why", () => {
    const failure = failed(
      { code: "VM_MIN_COUNT_NOT_REACHED", message: "Requested minimum count of 2 VMs could not be created." },
      { code: "QUOTA_EXCEEDED", message: "Quota 'N2_CPUS' exceeded.  Limit: 8.0 in region us-central1." },
      { code: "ZONE_RESOURCE_POOL_EXHAUSTED", message: "There are no machines." }
    )
    expect(failure).toMatchObject({ code: "QUOTA_EXCEEDED", scope: "region" })
    expect(failure!.message, "it is no cause where there is another").not.toContain("VM_MIN_COUNT_NOT_REACHED")
    for (const words of ["N2_CPUS", "Limit: 8.0", "There are no machines"]) expect(failure!.message).toContain(words)
  })
  it("is none where it has warnings only", () => {
    expect(failureOf({ status: "DONE", warnings: [{ code: "DISK_SIZE_LARGER_THAN_IMAGE_SIZE" }] })).toBeNull()
  })
})

describe("a refusal of any kind of machine", () => {
  const isOfAny = (code: string) => failed({ code })!.anyKind ?? false
  it("is one of rights and networks, not of room, quota or an image", () => {
    for (const code of ["IAM_PERMISSION_DENIED", "SERVICE_DISABLED", "VPC_NOT_FOUND", "SUBNET_NOT_FOUND", "IP_SPACE_EXHAUSTED"])
      expect([code, isOfAny(code)]).toEqual([code, true])
    for (const code of ["ZONE_RESOURCE_POOL_EXHAUSTED", "QUOTA_EXCEEDED", "IMAGE_NOT_FOUND", "RESOURCE_NOT_FOUND"])
      expect([code, isOfAny(code)]).toEqual([code, false])
  })
})
