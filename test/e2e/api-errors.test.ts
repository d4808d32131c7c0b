/** What goes wrong, as a program of the SDK sees it: each class that this machine can provoke, with its fields. */
import { beforeAll, describe, expect, it } from "vitest"
import { refused, use } from "./api.ts"
import { Home } from "./home.ts"

const home = new Home()
const sky = use(home)
const { exceptions, Task } = sky
const quiet = { streamLogs: false } as const
const echo = () => new Task({ run: "echo hi" })

beforeAll(async () => {
  await sky.launch(new Task(), { clusterName: "a", ...quiet })
})

describe("rpc", () => {
  it("asks whatever the socket answers, and the same id is one operation", async () => {
    expect(await sky.rpc("daemon.status")).toMatchObject({ home: home.state })
    const params = { clusterName: "a", task: { run: "true" } }
    const [once, again] = [await sky.rpc("exec", params, { requestId: "my-exec" }), await sky.rpc("exec", params, { requestId: "my-exec" })]
    expect(again).toEqual(once)
    const error = await refused(() => sky.rpc("stats"))
    expect(error).toBeInstanceOf(exceptions.ValueError)
    expect(error.message).toContain("Did you mean 'status'?")
    expect(error.hint).toContain("describe")
  })
})

describe("a refusal", () => {
  it("api-03: rejects with its class, with its fields, after the socket", async () => {
    const {
      AbortError,
      ClusterDoesNotExist,
      ClusterNotUpError,
      CommandError,
      InvalidClusterNameError,
      JobDoesNotExist,
      NotSupportedError
    } = exceptions
    const { ResourcesMismatchError, ResourcesUnavailableError, ValueError } = exceptions
    for (const call of [
      () => sky.exec(echo(), "nope"),
      () => sky.stop("nope"),
      () => sky.start("nope"),
      () => sky.down("nope"),
      () => sky.autostop("nope", 1),
      () => sky.queue("nope"),
      () => sky.jobStatus("nope"),
      () => sky.downloadLogs("nope"),
      () => sky.cancel("nope")
    ]) {
      const error = await refused(call)
      expect(error).toBeInstanceOf(ClusterDoesNotExist)
      expect(error).toBeInstanceOf(ValueError)
      expect(error).not.toBeInstanceOf(ClusterNotUpError)
      expect(error).toMatchObject({ clusterName: "nope", exitCode: 5 })
    }
    expect(await refused(() => sky.launch(echo(), { clusterName: "-x" }))).toBeInstanceOf(InvalidClusterNameError)
    const huge = new Task({ run: "true" }).setResources(new sky.Resources({ cpus: "9999+" }))
    const unavailable = await refused(() => sky.launch(huge, quiet))
    expect(unavailable).toBeInstanceOf(ResourcesUnavailableError)
    expect(unavailable.failoverHistory).toEqual([])
    expect(await refused(() => sky.exec(new Task({ run: "true", numNodes: 2 }), "a"))).toBeInstanceOf(ResourcesMismatchError)
    const setup = await refused(() => sky.launch(new Task({ setup: "echo words; exit 3", run: "true" }), { clusterName: "a", ...quiet }))
    expect(setup).toBeInstanceOf(CommandError)
    expect(setup).toMatchObject({
      returncode: 3,
      command: expect.any(String),
      message: expect.not.stringContaining("words"),
      detailedReason: expect.stringContaining("words")
    })
    expect(await refused(() => sky.downloadLogs("a", { jobIds: [99] }))).toBeInstanceOf(JobDoesNotExist)
    expect(await refused(() => sky.stop("sky-serve-controller-x"))).toBeInstanceOf(NotSupportedError)
    const noMinutes = await refused(() => sky.start("a", { down: true }))
    expect(noMinutes).toBeInstanceOf(ValueError)
    expect(noMinutes.hint).toContain("idleMinutesToAutostop")
    const endless = await refused(() => sky.autostop("a", 1e9))
    expect(endless).toMatchObject({ name: "ValueError", hint: null })
    await sky.stop("a")
    for (const call of [() => sky.exec(echo(), "a"), () => sky.autostop("a", 5)])
      expect(await refused(call)).toMatchObject({ name: "ClusterNotUpError", clusterStatus: "STOPPED", clusterName: "a" })
    expect(await refused(() => sky.exec(echo(), "a"))).toBeInstanceOf(ValueError)
    const left = new AbortController()
    const going = refused(() => sky.start("a", { signal: left.signal }))
    left.abort()
    expect(await going).toBeInstanceOf(AbortError)
  })
})
