/** The exceptions: each is there, is what the page says, and is made of what crosses the socket with its fields. */
import { describe, expect, it } from "vitest"
import * as exceptions from "../../../sdk/api/exceptions.ts"
import { exceptionOf } from "../../../sdk/api/from-wire.ts"
import { ClientError } from "../../../sdk/client/ClientError.ts"
import * as wire from "../../../sdk/protocol/errors.ts"
import { sky } from "./sdk.ts"

const said = (tag: string, fields: object = {}) =>
  exceptionOf(Object.assign(new ClientError(tag, 6, "what and why", "do this"), { fields })) as exceptions.SkyError

describe("sky", () => {
  it("api-01: offers every name of the page", () => {
    const functions = ["launch", "exec", "stop", "start", "down", "status", "autostop"] as const
    const more = ["queue", "cancel", "tailLogs", "downloadLogs", "jobStatus", "costReport", "optimize", "check", "events", "rpc"] as const
    const values = ["Task", "Dag", "Resources", "Storage", "SkyServiceSpec", "AWS", "GCP", "Local", "SSH"] as const
    expect([...functions, ...more, ...values].filter((name) => typeof sky[name] !== "function")).toEqual([])
    expect(sky.OptimizeTarget).toEqual({ COST: "COST", TIME: "TIME" })
    expect(Object.keys(sky.ClusterStatus)).toEqual(["INIT", "UP", "STOPPED"])
    expect(sky.JobStatus.FAILED_SETUP).toBe("FAILED_SETUP")
    expect(sky.DiskTier.HIGH).toBe("high")
    expect(sky.StoreType.S3).toBe("S3")
    expect(sky.StorageMode.MOUNT).toBe("MOUNT")
  })

  it("api-01: has each cloud once, under both of its names", () => {
    expect(sky.AWS()).toBe(sky.clouds.AWS())
    expect(sky.AWS()).toBe(sky.AWS())
    expect([sky.AWS(), sky.GCP(), sky.Local(), sky.SSH()].map(String)).toEqual(["AWS", "GCP", "Local", "SSH"])
    expect(JSON.stringify(sky.AWS())).toBe('"aws"')
  })
})

const page =
  "ClusterOwnerIdentityMismatchError ClusterOwnerIdentitiesMismatchError InvalidClusterNameError ResourcesMismatchError NotSupportedError ResourcesUnavailableError CommandError NoCloudAccessError ClusterNotUpError CloudUserIdentityError ValueError RuntimeError"
const others =
  "InvalidCloudConfigs ClusterSetUpError ClusterStatusFetchingError FetchIPError NetworkError ProvisionerError StopFailoverError ProvisionPrechecksError SpotJobReachedMaxRetriesError SpotUserCancelledError ServeUserTerminatedError PortDoesNotExistError AWSAzFetchingError StorageError StorageInitError StorageBucketCreateError StorageBucketGetError StorageExternalDeletionError StorageBucketDeleteError StorageUploadError StorageSpecError StorageSourceError StorageNameError StorageModeError"

describe("sky.exceptions", () => {
  it.each([...page.split(" "), ...others.split(" ")])("api-01: has %s", (name) => {
    const kind = sky.exceptions[name as keyof typeof sky.exceptions]
    const error = new kind("words")
    expect(error).toBeInstanceOf(sky.exceptions.SkyError)
    expect(error).toBeInstanceOf(Error)
    expect(error.message).toBe("words")
    expect(error.stack).toContain("words")
  })

  it("are named as their classes, in the bundle too", () => {
    expect(new sky.exceptions.ClusterNotUpError("x").name).toBe("ClusterNotUpError")
    expect(String(new sky.exceptions.ValueError("x"))).toBe("ValueError: x")
  })

  it("stand below each other as SkyPilot's do", () => {
    const { ValueError } = exceptions
    for (const kind of [exceptions.ClusterNotUpError, exceptions.ClusterDoesNotExist, exceptions.StorageNameError])
      expect(new kind("x")).toBeInstanceOf(ValueError)
    expect(new exceptions.ClusterDoesNotExist("x")).not.toBeInstanceOf(exceptions.ClusterNotUpError)
    expect(new exceptions.ProvisionerError("x")).toBeInstanceOf(exceptions.RuntimeError)
    expect(new exceptions.StorageExternalDeletionError("x")).toBeInstanceOf(exceptions.StorageInitError)
    expect(exceptions.ClusterOwnerIdentitiesMismatchError).toBe(exceptions.ClusterOwnerIdentityMismatchError)
  })
})

describe("what crosses the socket", () => {
  const tags = Object.entries(wire).filter(([, value]) => typeof value === "function" && "fields" in value)

  it.each(tags.map(([tag]) => tag).filter((tag) => tag !== "BadFrame"))("api-03: %s has its class", (tag) => {
    const error = said(tag)
    expect(error.constructor.name).toBe(tag)
    expect(error).toMatchObject({ message: "what and why", hint: "do this", exitCode: 6 })
  })

  it("api-03: keeps its fields", () => {
    const history = [{ tag: "RuntimeError", message: "no capacity" }]
    expect(said("ResourcesUnavailableError", { failoverHistory: history })).toMatchObject({ failoverHistory: history, noFailover: false })
    expect(said("ClusterNotUpError", { cluster: "c", clusterStatus: "STOPPED" })).toMatchObject({
      clusterStatus: "STOPPED",
      clusterName: "c"
    })
    expect(said("ResourcesUnavailableError", { failoverHistory: history, noFailover: true })).toMatchObject({ noFailover: true })
    const failed = { returncode: 3, command: "setup", detailedReason: "one\ntwo" }
    expect(said("CommandError", failed)).toMatchObject(failed)
    expect(said("LimitExceeded", { limit: "streamsMax", most: 64 })).toMatchObject({ limit: "streamsMax", most: 64 })
  })

  it("start-15: that another identity owns the cluster is one class, under both of its names, with both identities", () => {
    const whose = { cluster: "c", owner: ["ann", "1234"], identity: ["bob", "5678"] }
    const error = said("ClusterOwnerIdentityMismatchError", whose)
    expect(error).toBeInstanceOf(exceptions.ClusterOwnerIdentityMismatchError)
    expect(error).toBeInstanceOf(exceptions.ClusterOwnerIdentitiesMismatchError)
    expect(error).toMatchObject({ clusterName: "c", owner: whose.owner, identity: whose.identity })
  })

  it("api-03: what a later daemon or a cloud adds is a SkyError of that name with its fields", () => {
    const error = said("QuotaError", { region: "us-east-1" })
    expect(error.constructor).toBe(exceptions.SkyError)
    expect(error).toMatchObject({ name: "QuotaError", fields: { region: "us-east-1" }, hint: "do this" })
    expect(said("toString").constructor).toBe(exceptions.SkyError)
  })

  it("leaves what is no refusal as it is", () => {
    const defect = new RangeError("x")
    expect(exceptionOf(defect)).toBe(defect)
  })
})
