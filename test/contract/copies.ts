/** What a disk is copied by, as both clouds have to leave none of it, whatever it is cut short by: the story, and a cloud's own calls. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { expect } from "vitest"
import type { ClonedDisk } from "../../events/values.ts"
import { type daemonsOf, type oneIn, refOf } from "./rented-requests.ts"

interface Server {
  readonly strict: (method: string, path: string, body?: unknown) => Promise<unknown>
  readonly calls: (action: string) => Promise<ReadonlyArray<unknown>>
}

interface Copies {
  readonly cloud: string
  readonly region: string
  /** By which a copy is made. */
  readonly makes: string
  /** By which it is looked for. */
  readonly looks: string
  /** And what removes it. */
  readonly removal: { readonly action: string; readonly refused: object }
  readonly server: () => Server
  readonly one: ReturnType<typeof oneIn>
  readonly daemonOver: ReturnType<typeof daemonsOf>
}

export const copiesAreCleared = ({ cloud: name, daemonOver, looks, makes, one, region, removal, server }: Copies) => {
  const strict = (method: string, path: string, body?: unknown) => Effect.promise(() => server().strict(method, path, body))
  const slow = (action: string) => strict("POST", "faults", { action, delaySeconds: 2, times: 1 })
  const onItsWay = async () => ((await server().strict("GET", "faults")) as ReadonlyArray<{ readonly hits: number }>)[0]!.hits
  const begun = Effect.promise(() => expect.poll(onItsWay, { timeout: 20_000 }).toBe(1))
  const called = (action: string) =>
    Effect.promise(() => expect.poll(async () => (await server().calls(action)).length, { timeout: 20_000 }).toBeGreaterThan(0))
  const made = (action: string) =>
    Effect.promise(() => expect.poll(async () => (await server().calls(action)).length, { timeout: 20_000 }).toBe(1))

  /** A stopped cluster, and a request for one that begins with its disk. */
  const copying = Effect.gen(function* () {
    const { cloud, home, request } = yield* one
    const source = request([0])
    const [head] = yield* cloud.provision(source)
    yield* cloud.stop(refOf(source, head!))
    const { cluster, clusterName } = source.tags
    const clone: ClonedDisk = { cloud: name, region, cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
    const asked = request([0], { machine: { clone } })
    yield* strict("DELETE", "calls")
    return { cloud, home, asked }
  })

  it.live("is gone with a cluster that is ended while it is being made: what is on its way is waited for", () =>
    Effect.gen(function* () {
      const { asked, cloud } = yield* copying
      yield* slow(makes)
      const launching = yield* Effect.forkChild(cloud.provision(asked), { startImmediately: true })
      yield* begun
      yield* Fiber.interrupt(launching)
      assert.deepInclude(yield* Effect.flip(cloud.provision({ ...asked, isEnding: true })), { code: "NotAskedFor" })
      yield* cloud.clear!(asked.tags, [region])
      yield* made(makes)
      assert.deepStrictEqual((yield* cloud.tagged!(asked.tags.log)).remnants, [])
    }).pipe(Effect.scoped)
  )

  it.live("is looked for by the next daemon, which ends its cluster, where its own was killed while it was on its way", () =>
    Effect.gen(function* () {
      const { asked, cloud, home } = yield* copying
      yield* strict("POST", "faults", { action: makes, held: true })
      const launching = yield* Effect.forkChild(cloud.provision(asked), { startImmediately: true })
      yield* begun
      // What is on its way comes to its end, and nothing after it.
      const killed = yield* Effect.forkChild(Fiber.interrupt(launching), { startImmediately: true })
      yield* strict("DELETE", "calls")
      const next = yield* daemonOver(home)
      const ending = Effect.flip(next.provision({ ...asked, isEnding: true, isInherited: true }))
      const asking = yield* Effect.forkChild(ending, { startImmediately: true })
      yield* called(looks)
      yield* strict("DELETE", "faults")
      assert.deepInclude(yield* Fiber.join(asking), { code: "NotAskedFor" })
      yield* next.clear!(asked.tags, [region])
      yield* Fiber.join(killed)
      yield* made(makes)
      assert.deepStrictEqual((yield* next.tagged!(asked.tags.log)).remnants, [])
    }).pipe(Effect.scoped)
  )

  it.live("that could not be removed once its machine ran is told as that, and removed soon after", () =>
    Effect.gen(function* () {
      const { asked, cloud } = yield* copying
      yield* strict("POST", "faults", { action: removal.action, ...removal.refused, times: 1 })
      yield* cloud.provision(asked)
      const { remnants } = yield* cloud.tagged!(asked.tags.log)
      assert.isAbove(remnants.length, 0)
      assert.isTrue(remnants.every(({ isCopy }) => isCopy))
      const left = async () => (await Effect.runPromise(cloud.tagged!(asked.tags.log))).remnants.length
      yield* Effect.promise(() => expect.poll(left, { timeout: 30_000, interval: 500 }).toBe(0))
    }).pipe(Effect.scoped)
  )
}
