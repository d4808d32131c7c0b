/** What a user whose account cannot be asked is told to do. */
import { describe, expect, it } from "vitest"
import { errorOf } from "../../../daemon/clouds/aws/errors.ts"
import { withWayOn } from "../../../daemon/clouds/aws/way-on.ts"

const said = (thrown: object, env: Readonly<Record<string, string>> = {}) =>
  withWayOn(errorOf(thrown, "GetCallerIdentity", ""), env).message
const none = { name: "CredentialsProviderError", message: "Could not load credentials from any providers" }
const own = "Could not load credentials from any providers (CredentialsProviderError, GetCallerIdentity)"
const refused = { name: "Error", code: "ECONNREFUSED", message: "connect ECONNREFUSED 127.0.0.1:1" }

describe("an account of AWS that cannot be asked", () => {
  it("for want of credentials is told by its profile, with what to run", () => {
    expect(said(none, { AWS_PROFILE: "nope" })).toBe(
      `of the profile 'nope' (AWS_PROFILE): ${own}: run aws configure --profile nope or aws sso login --profile nope, or set another AWS_PROFILE and restart the daemon (sky daemon restart)`
    )
    expect(said(none)).toContain(`${own}: run aws configure or aws sso login, or set AWS_PROFILE or `)
  })
  it("by the credentials of the environment is not told to log in: the environment would go before", () => {
    const expired = {
      name: "ExpiredToken",
      $fault: "client",
      message: "The security token included in the request is expired",
      $metadata: { httpStatusCode: 403 }
    }
    expect(said(expired, { AWS_ACCESS_KEY_ID: "A" })).toMatch(
      /GetCallerIdentity\): AWS_ACCESS_KEY_ID is set: set .* and restart the daemon/
    )
    const session = said(expired, { AWS_ACCESS_KEY_ID: "A", AWS_SESSION_TOKEN: "T" })
    expect(session).toContain("AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN and restart the daemon")
    expect(said(expired)).toContain("aws sso login")
  })
  it("for it is not reached is told by its endpoint", () => {
    expect(said(refused, { AWS_ENDPOINT_URL: "http://127.0.0.1:1" })).toMatch(
      /: AWS_ENDPOINT_URL is http:\/\/127\.0\.0\.1:1: unset it, .*restart/
    )
    expect(said(refused, { AWS_ENDPOINT_URL: "http://me:secret@127.0.0.1:1" })).toContain("AWS_ENDPOINT_URL is http://127.0.0.1:1/: ")
    expect(said(refused)).toMatch(/is this machine on the network\?$/)
  })
  it("for its region is no name that anybody knows is told where that was said", () => {
    const unknown = { name: "Error", code: "ENOTFOUND", message: "getaddrinfo ENOTFOUND sts.us-est-1.amazonaws.com" }
    expect(said(unknown, { AWS_REGION: "us-est-1" })).toMatch(
      /is this machine on the network, and is us-est-1 a region\? AWS_REGION says so: set it to another and restart the daemon \(sky daemon restart\)$/
    )
    expect(said(unknown, { AWS_DEFAULT_REGION: "us-est-1" })).toContain("AWS_DEFAULT_REGION says so: ")
    expect(said(unknown, { AWS_PROFILE: "lab" })).toMatch(/and is us-est-1 a region\? The profile 'lab' says so: /)
    expect(said(unknown)).toMatch(/The profile 'default' says so: aws configure set region REGION$/)
    const other = { ...unknown, message: "getaddrinfo ENOTFOUND ec2.eu-west-9.amazonaws.com" }
    expect(said(other, { AWS_REGION: "us-est-1" })).toMatch(/is this machine on the network\?$/)
  })
  it("for AWS has blocked the account is told who lifts that", () => {
    const blocked = { name: "Blocked", $fault: "client", message: "This account is blocked.", $metadata: { httpStatusCode: 400 } }
    const error = withWayOn(errorOf(blocked, "RunInstances", "us-east-1"), {})
    expect(error.message).toMatch(/: AWS alone lifts that: ask its support$/)
    expect(error).toMatchObject({ scope: "cloud", anyKind: true, want: "mending" })
  })
  it("for another answers in AWS's place is told by its endpoint, or asked what is on the way", () => {
    const page = { name: "Unknown", $fault: "client", message: "Unknown", $metadata: { httpStatusCode: 403 } }
    expect(said(page)).toBe("what answered is not AWS: HTTP 403 (GetCallerIdentity): is there a proxy or a login page on the way?")
    expect(said(page, { AWS_ENDPOINT_URL: "http://127.0.0.1:1" })).toMatch(/: AWS_ENDPOINT_URL is http:\/\/127\.0\.0\.1:1: unset it/)
  })
  it("is told what AWS said where that is all there is to say, and stays the same error", () => {
    const denied = errorOf(
      { name: "AccessDenied", $fault: "client", message: "no", $metadata: { httpStatusCode: 403 } },
      "GetCallerIdentity",
      ""
    )
    expect(withWayOn(denied, {})).toBe(denied)
    expect(withWayOn(errorOf(none, "GetCallerIdentity", ""), {})).toMatchObject({
      code: none.name,
      kind: "Refused",
      scope: "cloud",
      anyKind: true
    })
  })
})
