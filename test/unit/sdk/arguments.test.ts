/** What callers give, refused before a daemon is asked: none is started here, and SKYD_HOME is where none can be. */
import { beforeAll, describe, expect, it } from "vitest"
import { refused, sky } from "./sdk.ts"

const { NotSupportedError, ValueError } = sky.exceptions
const task = () => new sky.Task({ run: "true" })
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse, as JavaScript may give it
const any = (value: unknown): any => value

beforeAll(() => {
  process.env["SKYD_HOME"] = "/dev/null/none"
})

describe("the first argument of launch and exec", () => {
  it("launch-04: is a Task or a Dag; for a text it says how to wrap it", async () => {
    const error = await refused(() => sky.launch(any("echo hi")))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('new sky.Task({ run: "echo hi" })')
    for (const other of [null, undefined, {}, [task()], 3]) expect(await refused(() => sky.exec(any(other), "c"))).toBeInstanceOf(TypeError)
  })

  it("launch-06: a Dag of none or several tasks is a ValueError", async () => {
    for (const tasks of [[], [task(), task()]]) expect(await refused(() => sky.launch(new sky.Dag(tasks)))).toBeInstanceOf(ValueError)
    expect(() => new sky.Dag(any(["echo hi"]))).toThrow(TypeError)
    expect([new sky.Dag(null).tasks, new sky.Dag().tasks]).toEqual([[], []])
    expect(() => new sky.Dag(any(5))).toThrow("A Dag takes an array of sky.Tasks, got 5.")
  })
})

describe("parameters", () => {
  it("launch-26: another backend is a NotSupportedError", async () => {
    expect(await refused(() => sky.launch(task(), { backend: any("docker") }))).toBeInstanceOf(NotSupportedError)
  })
  it("exec-18: another backend is a NotSupportedError", async () => {
    expect(await refused(() => sky.exec(task(), "c", { backend: any("docker") }))).toBeInstanceOf(NotSupportedError)
  })
  it("exec-11: clusterName has no default: null is a ValueError", async () => {
    for (const name of [null, undefined, 3]) expect(await refused(() => sky.exec(task(), any(name)))).toBeInstanceOf(ValueError)
  })
  it("autostop-10, api-05: idleMinutes is required and whole", async () => {
    for (const minutes of [1.5, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, "5"])
      expect(await refused(() => sky.autostop("c", any(minutes)))).toBeInstanceOf(ValueError)
    for (const minutes of [0.5, Number.NaN])
      expect(await refused(() => sky.launch(task(), { idleMinutesToAutostop: minutes }))).toBeInstanceOf(ValueError)
  })
  it("a mistyped option is told, with what was meant", async () => {
    const error = await refused(() => sky.launch(task(), any({ dwon: true })))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain("Did you mean 'down'?")
  })
  it("true and false are no words", async () => {
    expect(await refused(() => sky.stop("c", { purge: any("no") }))).toBeInstanceOf(ValueError)
    for (const name of ["dryrun", "down", "retryUntilUp", "detachSetup", "noSetup", "streamLogs", "detachRun"])
      expect(await refused(() => sky.launch(task(), any({ [name]: "no" })))).toMatchObject({
        name: "ValueError",
        message: `${name} takes true or false, got 'no'.`
      })
    for (const name of ["dryrun", "down", "streamLogs", "detachRun"])
      expect((await refused(() => sky.exec(task(), "c", any({ [name]: 1 })))).message).toBe(`${name} takes true or false, got 1.`)
  })
  it("no minutes are less than none, but where a negative number cancels", async () => {
    for (const call of [() => sky.launch(task(), { idleMinutesToAutostop: -1 }), () => sky.start("c", { idleMinutesToAutostop: -1 })])
      expect(await refused(call)).toMatchObject({
        name: "ValueError",
        message: "idleMinutesToAutostop takes whole minutes from 0 up, got -1."
      })
  })
  it("what comes later is refused in one sentence", async () => {
    const blocked = new sky.Task({ blockedResources: [new sky.Resources({ region: "us-east-1" })] })
    expect(await refused(() => sky.launch(blocked))).toBeInstanceOf(NotSupportedError)
  })
  it("a signal is an AbortSignal", async () => {
    for (const signal of [{}, 3, "x"]) {
      for (const call of [() => sky.status({ signal: any(signal) }), () => sky.tailLogs("c", { signal: any(signal) })]) {
        const error = await refused(call)
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toMatch(/^signal takes an AbortSignal, got /)
      }
    }
  })
  it("rpc takes one object that JSON can say", async () => {
    const circle: Record<string, unknown> = {}
    circle["circle"] = circle
    const unsaid = [
      circle,
      { a: 1n },
      { a: () => true },
      { a: Symbol("a") },
      { a: [Number.NaN] },
      { a: [undefined] },
      { a: new Map([[1, 2]]) }
    ]
    const hidden = [{ a: { toJSON: () => undefined } }, { task: task() }, { a: Promise.resolve(1) }, { a: new Date() }]
    for (const params of [() => 1, [1], "x", 3, new Date(), ...unsaid, ...hidden]) {
      const error = await refused(() => sky.rpc("status", any(params)))
      expect(error).toBeInstanceOf(ValueError)
      expect(error.message).toMatch(/^rpc/)
    }
    expect((await refused(() => sky.rpc("launch", { dryrun: () => true }))).message).toBe(
      "rpc: dryrun is a function, which JSON cannot say."
    )
  })
  it("rpc says of each method with a stream who else reads it, and does not wait for what has no end", async () => {
    for (const [method, reader] of [
      ["events.follow", "sky.events, or the command 'sky rpc events.follow'"],
      ["logs", "sky.tailLogs, or the command 'sky rpc logs'"],
      ["replay", "ask the command 'sky rpc replay'"],
      ["audit.export", "ask the command 'sky rpc audit.export'"]
    ] as const) {
      const error = await refused(() => sky.rpc(method, {}))
      expect(error).toBeInstanceOf(ValueError)
      expect(error.message).toContain(reader)
    }
  })
  it("nothing that JSON would leave out or change is passed over", async () => {
    const odd = [
      () => true,
      Symbol("a"),
      Number.NaN,
      1n,
      { toJSON: () => undefined },
      new Date(),
      new Map([["a", 1]]),
      Promise.resolve(true)
    ]
    for (const value of odd.map(any)) {
      for (const name of ["dryrun", "down", "retryUntilUp", "detachSetup", "noSetup"]) {
        const error = await refused(() => sky.launch(task(), { [name]: value }))
        expect(error).toBeInstanceOf(ValueError)
        expect(error.message).toContain(name)
      }
      for (const act of [
        () => new sky.Task({ secrets: value }),
        () => new sky.Task({ envs: value }),
        () => new sky.Resources({ labels: { a: value } }),
        () => new sky.SkyServiceSpec({ readinessPath: "/", postData: { a: [value] } })
      ])
        expect(await refused(act), String(act)).toBeInstanceOf(ValueError)
    }
  })
  it("what belongs to no options object is none: a Map or a Date would be one without options", async () => {
    for (const value of [new Map([["cpus", 2]]), new Date(), Promise.resolve({})].map(any)) {
      for (const act of [() => new sky.Resources(value), () => new sky.Task(value), () => sky.status(value)])
        expect(await refused(act)).toBeInstanceOf(TypeError)
      expect(await refused(() => task().setFileMounts(value))).toBeInstanceOf(ValueError)
    }
  })
  it("ports, a cloud and a folder of another kind are told", async () => {
    expect((await refused(() => new sky.Resources({ ports: any({}) }))).message).toMatch(/^Resources: ports: /)
    expect((await refused(() => new sky.Resources({ cloud: any({}) }))).message).toBe(
      "cloud takes a cloud, as in sky.AWS(), or its word, got an object."
    )
    expect((await refused(() => sky.downloadLogs("c", { localDir: any(() => 1) }))).message).toBe(
      "localDir takes the path of a folder, got a function."
    )
  })
  it("dockerImage is a text, and a number of another kind is named", async () => {
    expect(await refused(() => new sky.Task({ dockerImage: any({}) }))).toBeInstanceOf(ValueError)
    expect((await refused(() => new sky.Task({ numNodes: any(2n) }))).message).toBe("numNodes: expected a number, got a bigint.")
  })
  it("what an object throws that is looked at is said without its stack", async () => {
    const labels = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("no keys")
        }
      }
    )
    expect((await refused(() => new sky.Resources({ labels }))).message).toBe("Resources: Error: no keys.")
  })
  it("cancel takes all, or numbers", async () => {
    expect(await refused(() => sky.cancel("c", { all: true, jobIds: [1] }))).toBeInstanceOf(ValueError)
  })
})

describe("a signal", () => {
  it("that was given before the call: nothing is asked", async () => {
    const error = await refused(() => sky.status({ signal: AbortSignal.abort("why") }))
    expect(error).toBeInstanceOf(sky.exceptions.AbortError)
    expect(error).toMatchObject({ name: "AbortError", cause: "why", operation: null, exitCode: 130 })
  })
})

it("a daemon that cannot be there is an exception too", async () => {
  expect(await refused(() => sky.status())).toBeInstanceOf(sky.exceptions.SkyError)
  expect(
    await refused(async () => {
      for await (const _ of sky.events()) break
    })
  ).toBeInstanceOf(sky.exceptions.SkyError)
})
