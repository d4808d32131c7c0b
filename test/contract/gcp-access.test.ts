/** Why Compute Engine cannot be used, or not for all: in words that say what to do. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { gcpScene } from "./gcp-scene.ts"

const { gce, one, fault } = gcpScene()

const file = (): string | undefined => process.env["GOOGLE_APPLICATION_CREDENTIALS"]

describe("access to Compute Engine", () => {
  it.live.each<readonly [string, number, () => string]>([
    [
      "forbidden",
      403,
      () =>
        "Required 'compute.projects.get' permission for 'projects/lab-1' (forbidden, projects.get; roles/compute.instanceAdmin.v1 brings it)"
    ],
    [
      "authError",
      401,
      () =>
        "Invalid Credentials (authError, projects.get): set GOOGLE_APPLICATION_CREDENTIALS to another file and restart the daemon (sky daemon restart)"
    ],
    [
      "notFound",
      404,
      () =>
        `The resource 'projects/lab-1' was not found (notFound, projects.get): the project's name is from the service account's file ${file()}`
    ],
    [
      "accessNotConfigured",
      403,
      () => "Compute Engine API is off (accessNotConfigured, projects.get): gcloud services enable compute.googleapis.com --project lab-1"
    ],
    ["backendError", 503, () => "GCP answered 503: Backend Error (backendError, projects.get)"]
  ])("that is lacking (%s) says what to do", ([reason, status, words]) =>
    Effect.gen(function* () {
      const { cloud } = yield* one
      const message = { accessNotConfigured: "Compute Engine API is off.", backendError: "Backend Error" }[reason]
      yield* fault({ action: "projects.get", reason, status, ...(message !== undefined && { message }) })
      assert.strictEqual(yield* cloud.whyNot!, words())
      // A launch ends as for want of credentials or rights, but where nobody has answered.
      assert.strictEqual(cloud.isForbidden!(), reason !== "backendError")
    }).pipe(Effect.scoped)
  )

  it.live("says that nobody is there, where nobody is", () =>
    Effect.gen(function* () {
      process.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"] = "http://127.0.0.1:9/compute/v1/"
      const { cloud } = yield* one
      assert.match((yield* cloud.whyNot!) ?? "", /^GCP is not reached: .*ECONNREFUSED/)
    }).pipe(Effect.scoped)
  )

  it.live("names all rights that are lacking at once, those it cannot do without and the others", () =>
    Effect.gen(function* () {
      const denied = ["compute.instances.create", "compute.firewalls.create", "compute.snapshots.list"]
      yield* Effect.promise(() => gce().strict("PUT", "denied", denied))
      const { cloud } = yield* one
      const why = yield* cloud.whyNot!
      assert.include(why, "its credentials may not compute.instances.create")
      const warnings = (yield* cloud.warnings!).join("\n")
      for (const permission of denied.slice(1)) assert.include(warnings, permission)
    }).pipe(Effect.scoped)
  )

  it.live("is not had with labels in config.yaml that GCP does not take: which, and what it takes", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* one
      writeFileSync(join(home, "config.yaml"), "gcp: {labels: {Team: Blue}}\n")
      assert.match(
        (yield* cloud.whyNot!) ?? "",
        /^gcp\.labels in config\.yaml: GCP takes no label 'Team: Blue': small letters, digits, - and _/
      )
      writeFileSync(join(home, "config.yaml"), "gcp: {labels: {team: blue}}\n")
      assert.isNull(yield* cloud.whyNot!)
    }).pipe(Effect.scoped)
  )

  it.live("is not had in a VPC of config.yaml that the project does not have", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* one
      writeFileSync(join(home, "config.yaml"), "gcp: {vpc_name: nope}\n")
      assert.strictEqual(yield* cloud.whyNot!, "the project has no VPC of the name 'nope' (gcp.vpc_name in config.yaml)")
      writeFileSync(join(home, "config.yaml"), "gcp: {vpc_name: default}\n")
      assert.isNull(yield* cloud.whyNot!)
    }).pipe(Effect.scoped)
  )

  it.live("warns of each right that is lacking with what that one stops, and no more", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => gce().strict("PUT", "denied", ["compute.firewalls.create", "compute.snapshots.list"]))
      const { cloud } = yield* one
      assert.isNull(yield* cloud.whyNot!)
      assert.deepStrictEqual(yield* cloud.warnings!, [
        "it cannot be used for opening ports and making a network where none will do: its credentials may not compute.firewalls.create (roles/compute.securityAdmin brings it) in lab-1",
        "it cannot be used for seeing the snapshots that are left (sky leaks): its credentials may not compute.snapshots.list (roles/compute.storageAdmin brings it) in lab-1"
      ])
    }).pipe(Effect.scoped)
  )
})
