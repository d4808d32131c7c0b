/** Credentials that are of no use, whichever cloud says so and in whichever words: exit 4, and what to do about it, whatever was asked for. */
import { beforeEach, describe, expect, it, vi } from "vitest"
import { errorOf as awsError } from "../../daemon/clouds/aws/errors.ts"
import { withWayOn as awsWayOn } from "../../daemon/clouds/aws/way-on.ts"
import type { CloudError } from "../../daemon/clouds/Cloud.ts"
import { errorOf as gcpError } from "../../daemon/clouds/gcp/errors.ts"
import { withWayOn as gcpWayOn } from "../../daemon/clouds/gcp/way-on.ts"
import { failure, isForbidden } from "../../daemon/reactors/failure.ts"
import type { Action } from "../../daemon/reactors/plan.ts"
import { cluster, requested, rowAfter, type Said, up } from "../fakes/facts.ts"

const aws = (name: string, status?: number) => {
  const thrown = { name, message: `${name} in AWS's words`, ...(status && { $fault: "client", $metadata: { httpStatusCode: status } }) }
  return awsWayOn(awsError(thrown, "DescribeInstances", "us-east-1"), {}, "ec2:DescribeInstances")
}
const gcp = (message: string, status?: number, body?: object) => {
  const thrown = Object.assign(new Error(message), status && { httpStatusCode: status })
  return gcpWayOn(gcpError(thrown, body, "instances.aggregatedList", ""), "instances.aggregatedList", undefined)
}
const said = (message: string, reason?: string) => ({ error: { message, ...(reason && { errors: [{ reason, message }] }) } })

beforeEach(() => vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", ""))

const renewed: ReadonlyArray<readonly [string, CloudError]> = [
  ...["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"].map(
    (code) => [code, aws(code, 403)] as const
  ),
  ...["RequestExpired", "MissingAuthenticationToken"].map((code) => [code, aws(code, 400)] as const),
  ["AuthFailure", aws("AuthFailure", 401)],
  ["CredentialsProviderError", aws("CredentialsProviderError")],
  ["TokenProviderError", aws("TokenProviderError")],
  ["authError", gcp("Invalid Credentials", 401, said("Invalid Credentials", "authError"))],
  ["a 401 without a reason", gcp("Request had invalid authentication credentials.", 401, said("Invalid Credentials"))],
  ["Login Required", gcp("Login Required", 401, said("Login Required", "required"))],
  ["invalid_grant", gcp("invalid_grant: Token has been expired or revoked.", 400, { error: "invalid_grant" })],
  ["unauthorized_client", gcp("unauthorized_client", 401, { error: "unauthorized_client" })],
  ["no default credentials", gcp("Could not load the default credentials. Browse to https://cloud.google.com for more information.")]
]
const allowed: ReadonlyArray<readonly [string, CloudError]> = [
  ["UnauthorizedOperation", aws("UnauthorizedOperation", 403)],
  ["AccessDenied", aws("AccessDenied", 403)],
  ["forbidden", gcp("no", 403, said("Required 'compute.instances.list' permission for 'projects/p'", "forbidden"))]
]
const wish = (event: object, method: string): ReadonlyArray<Said> => [requested(method), [event as never, `r-${method}`]]
const deeds: ReadonlyArray<readonly [Action, ReadonlyArray<Said>]> = [
  [{ _tag: "ReleaseNodes", ranks: [0] }, wish({ _tag: "DownRequested", cluster, purge: false }, "down")],
  [{ _tag: "StopNodes", ranks: [0] }, wish({ _tag: "StopRequested", cluster, purge: false }, "stop")],
  [{ _tag: "StartNodes", ranks: [0], operation: null }, wish({ _tag: "StartRequested", cluster, retryUntilUp: false }, "start")],
  [{ _tag: "Arm", setting: 1 as never }, wish({ _tag: "AutostopSet", cluster, idleMinutes: 5, down: false }, "autostop")]
]
const codesOf = (error: CloudError) =>
  deeds.map(([action, facts]) => {
    const { kind, message } = error
    const failed = { message, tries: 1, nowMs: 1, final: kind === "Refused", forbidden: isForbidden(error) }
    return failure(rowAfter([...up(), ...facts])!, action, failed).exitCode
  })

describe("credentials that a cloud refuses", () => {
  it.each(renewed)("%s: each deed ends with exit 4, and says how they are renewed", (_, error) => {
    expect(codesOf(error)).toEqual([4, 4, 4, 4])
    expect(error.credentials).toBe("invalid")
    expect(error.message).toMatch(/run (aws configure or aws sso login|gcloud auth application-default login)/)
  })
  it.each(allowed)("%s: each deed ends with exit 4, and says which right is missing", (_, error) => {
    expect(codesOf(error)).toEqual([4, 4, 4, 4])
    expect(error.credentials).toBeUndefined()
    expect(error.message).toMatch(/(ec2:DescribeInstances|compute\.instances\.list).*sky check (aws|gcp)$/)
  })
})

describe("what a user of GCP has set wrongly", () => {
  const ask = (thrown: Error, body?: object, project?: { readonly name: string; readonly from: string }) =>
    gcpWayOn(gcpError(thrown, body, "projects.get", ""), "projects.get", project).message
  it("is named where it is the endpoint, which nobody answers at or somebody else", () => {
    const name = "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"
    vi.stubEnv(name, "http://127.0.0.1:9/compute/v1/")
    const down = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { cause: { code: "ECONNREFUSED" } })
    expect(ask(down)).toContain(
      `: ${name} is http://127.0.0.1:9/compute/v1/: unset it, or set it to one that answers, and restart the daemon`
    )
    expect(ask(Object.assign(new Error("<html>"), { httpStatusCode: 404 }))).toContain(`: ${name} is `)
    const elsewhere = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443"), { cause: { code: "ECONNREFUSED" } })
    expect(ask(elsewhere)).not.toContain(name)
    vi.stubEnv(name, "")
    expect(ask(down)).not.toContain(name)
  })
  it("is named where it is the project's name", () => {
    const words = "Invalid value for field 'project': 'Bad_Project'. Must be a match of regex"
    const project = { name: "Bad_Project", from: "CLOUDSDK_CORE_PROJECT in the daemon's environment" }
    expect(ask(Object.assign(new Error(words), { httpStatusCode: 400 }), said(words, "invalid"), project)).toMatch(
      /: the project's name is from CLOUDSDK_CORE_PROJECT in the daemon's environment$/
    )
  })
})
