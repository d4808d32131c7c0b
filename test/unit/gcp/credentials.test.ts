/** Who the user is to Google's tools, and which project he works in: what he has said to them holds here too. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeGcp } from "../../../daemon/clouds/gcp/client.ts"
import { accountOf, filesNow, hasSigns, projectOf, readCredentials } from "../../../daemon/clouds/gcp/credentials.ts"
import { gcpSettings } from "../../../daemon/clouds/gcp/settings.ts"

const isGoogles = (name: string) => /^(GOOGLE_|CLOUDSDK_|GCLOUD_|HOME$)/.test(name)
let saved: Readonly<Record<string, string | undefined>>
let home: string
beforeEach(() => {
  saved = Object.fromEntries(Object.entries(process.env).filter(([name]) => isGoogles(name)))
  for (const name of Object.keys(saved)) delete process.env[name]
  home = mkdtempSync(join(tmpdir(), "gcp-"))
  process.env["HOME"] = home
  mkdirSync(join(home, ".config/gcloud/configurations"), { recursive: true })
})
afterEach(() => {
  for (const name of Object.keys(process.env)) if (isGoogles(name)) delete process.env[name]
  Object.assign(process.env, saved)
  rmSync(home, { recursive: true })
})
const gcloud = (file: string, text: string) => writeFileSync(join(home, ".config/gcloud", file), text)
const login = { type: "authorized_user", client_id: "c", quota_project_id: "billed" }

describe("credentials", () => {
  it("are there where gcloud has written them, or the environment names a file", () => {
    expect(hasSigns()).toBe(false)
    gcloud("application_default_credentials.json", JSON.stringify(login))
    expect(hasSigns()).toBe(true)
    rmSync(join(home, ".config/gcloud/application_default_credentials.json"))
    process.env["GOOGLE_APPLICATION_CREDENTIALS"] = join(home, "missing.json")
    expect(hasSigns()).toBe(true)
  })
  it("may be others once a file was written, also that of gcloud's project", async () => {
    const before = await filesNow()
    gcloud("application_default_credentials.json", JSON.stringify(login))
    const between = await filesNow()
    gcloud("configurations/config_default", "[core]\nproject = mine\n")
    expect(new Set([before, between, await filesNow()]).size).toBe(3)
  })
  it("are for another project once config.yaml names one", async () => {
    let projectId = "a"
    const { fingerprint } = makeGcp(Effect.sync(() => ({ projectId })))
    const before = await Effect.runPromise(fingerprint)
    expect(await Effect.runPromise(fingerprint)).toBe(before)
    projectId = "b"
    expect(await Effect.runPromise(fingerprint)).not.toBe(before)
  })
  it("that are of no use are told by their file, with the way on", async () => {
    const file = join(home, ".config/gcloud/application_default_credentials.json")
    gcloud("application_default_credentials.json", "{project: p}")
    const login = "run gcloud auth application-default login"
    await expect(readCredentials()).rejects.toThrow(`${file} holds no credentials, for it is no JSON object: ${login}`)
    process.env["GOOGLE_APPLICATION_CREDENTIALS"] = join(home, "missing.json")
    const other = "set GOOGLE_APPLICATION_CREDENTIALS to another file and restart the daemon (sky daemon restart)"
    await expect(readCredentials()).rejects.toThrow(`${home}/missing.json is not there: ${other}`)
  })
  it.each([
    ["an empty object", {}, "no credentials that can be used (The incoming JSON object does not contain a client_email field)"],
    [
      "half a login",
      { type: "authorized_user" },
      "no credentials that can be used (The incoming JSON object does not contain a client_id field)"
    ],
    ["a key that is none", { type: "service_account", client_email: "a@b", private_key: "x" }, "a private key that is none"]
  ])("that Google's library cannot use are told so too: %s", async (_, file, why) => {
    process.env["GOOGLE_APPLICATION_CREDENTIALS"] = join(home, "own.json")
    writeFileSync(join(home, "own.json"), JSON.stringify(file))
    const { message } = await Effect.runPromise(Effect.flip(makeGcp(Effect.succeed({ projectId: "p" })).who))
    expect(message).toBe(
      `${home}/own.json holds ${why}: set GOOGLE_APPLICATION_CREDENTIALS to another file and restart the daemon (sky daemon restart)`
    )
  })
  it.each([
    ["a service account", { type: "service_account", client_email: "robot@p.iam.gserviceaccount.com" }, "robot@p.iam.gserviceaccount.com"],
    [
      "one that is impersonated",
      {
        type: "impersonated_service_account",
        service_account_impersonation_url:
          "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci@p.iam.gserviceaccount.com:generateAccessToken"
      },
      "ci@p.iam.gserviceaccount.com"
    ],
    ["an account elsewhere", { type: "external_account", audience: "//iam.googleapis.com/pools/x" }, "//iam.googleapis.com/pools/x"],
    ["a user, whom Google is asked for", login, undefined]
  ])("of %s say who that is", (_, file, owner) => {
    expect(accountOf(file)).toBe(owner)
  })
})

describe("the project", () => {
  it("is what config.yaml says, else the environment, else the service account's, else gcloud's, else that which is billed", async () => {
    gcloud("application_default_credentials.json", JSON.stringify(login))
    const file = await readCredentials()
    expect((await projectOf(null, file))?.name).toBe("billed")
    gcloud("configurations/config_default", "[compute]\nzone = z\n[core]\naccount = ann\nproject = by-gcloud\n")
    expect((await projectOf(null, file))?.name).toBe("by-gcloud")
    gcloud("active_config", "work")
    gcloud("configurations/config_work", "[core]\nproject=at-work\n\n[x]\nproject=no\n")
    expect((await projectOf(null, file))?.name).toBe("at-work")
    expect((await projectOf(null, { type: "service_account", project_id: "robots" }))?.name).toBe("robots")
    process.env["GOOGLE_CLOUD_PROJECT"] = "by-env"
    expect((await projectOf(null, file))?.name).toBe("by-env")
    process.env["CLOUDSDK_CORE_PROJECT"] = "by-gclouds-env"
    expect((await projectOf(null, file))?.name).toBe("by-gclouds-env")
    expect((await projectOf("own", file))?.name).toBe("own")
  })
  it("is none where nobody says", async () => {
    expect(await projectOf(null, {})).toBeUndefined()
  })
})

describe("config.yaml", () => {
  const read = (gcp: unknown) => gcpSettings({ file: "/c.yaml", fields: { gcp } })
  it("says where clusters are put", () => {
    expect(read({ project_id: "p", vpc_name: "lab", use_internal_ips: true, labels: { a: "b" } })).toMatchObject({
      projectId: "p",
      vpcName: "lab",
      useInternalIps: true,
      labels: { a: "b" },
      sshProxyCommand: null,
      selfDelete: null
    })
    expect(read(undefined)).toMatchObject({ projectId: null, vpcName: null, useInternalIps: false })
    expect(read({ self_delete: "node@p.iam.gserviceaccount.com" }).selfDelete).toBe("node@p.iam.gserviceaccount.com")
    expect(read({ labels: { a: "b" }, instance_tags: { a: "c", d: "e" } }).labels).toEqual({ a: "b", d: "e" })
  })
  it("that says what there is not is told what there is", () => {
    expect(() => read({ vpc: "x" })).toThrow("gcp has no key 'vpc'. It has: project_id, self_delete, vpc_name")
    expect(() => read({ self_delete: true })).toThrow("gcp.self_delete: expected a name")
    expect(() => read({ use_internal_ips: 1 })).toThrow("gcp.use_internal_ips: expected true or false")
  })
})
