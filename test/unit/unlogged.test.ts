/** Machines that a sound log does not know: what the clouds can tell of them, and what they cannot, is said. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { CloudError, type Holdings, type Owned } from "../../daemon/clouds/Cloud.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { emptyHead } from "../../daemon/log/head-file.ts"
import { Witness } from "../../daemon/log/Witness.ts"
import { Notices } from "../../daemon/Notices.ts"
import { Unlogged } from "../../daemon/read-only/Unlogged.ts"
import type { Event } from "../../events/Event.ts"
import { cluster, name, nodeId, recorded, type Said, up, worldOf } from "../fakes/facts.ts"

type Answer = Effect.Effect<Holdings, CloudError>
const machine = (clusterName: string, log = "lost"): Owned => ({
  tags: { log, cluster, clusterName: clusterName as never },
  rank: 0,
  node: nodeId(0),
  region: null,
  zone: null,
  address: null,
  host: null,
  hostKey: null,
  state: "running"
})
const holding = (owned: ReadonlyArray<Owned>, unclear: ReadonlyArray<string> = []): Answer => Effect.succeed({ owned, unclear })
const silent: Answer = Effect.fail(new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" }))

interface Answers {
  local: Answer
  far: Answer
  /** Why the far one cannot be used. */
  whyNot?: string | null
}

const unheard: EventLog["Service"]["follow"] = () => () => {}

/** Two clouds whose answers change as the test goes on. */
const over = <A, E>(answers: Answers, test: Effect.Effect<A, E, Notices | Unlogged>, { seq = 0, facts = up(), follow = unheard } = {}) => {
  const cloud = (key: "local" | "far") => ({
    name: key,
    owned: () => Effect.suspend(() => answers[key]),
    terminate: () => Effect.void,
    ...(key === "far" && { whyNot: Effect.sync(() => answers.whyNot ?? null) })
  })
  return test.pipe(
    Effect.provide(
      Unlogged.layer.pipe(
        Layer.provideMerge(Notices.layer),
        Layer.provide([
          Layer.succeed(Clouds, new Map([cloud("local"), cloud("far")].map((one) => [one.name, one as never]))),
          Layer.succeed(EventLog, { world: () => worldOf(facts), follow } as never),
          Layer.succeed(Witness, { said: { ...emptyHead("own"), seq }, isDoubted: false, advance: () => {}, settled: Effect.void })
        ])
      )
    )
  )
}
const told = Effect.map(Notices, (notices) => notices.list().join())
const end = (clusterName: string) => Unlogged.use((unlogged) => unlogged.end(clusterName))
const nextLook = TestClock.adjust("1 minute")

it.effect("what a cloud cannot tell is said, until it can", () => {
  const answers = { local: holding([], ["nodes/foo cannot be read"]), far: holding([]) }
  return over(
    answers,
    Effect.gen(function* () {
      assert.strictEqual(yield* told, "There may be machines that the log does not know. Not known of local: nodes/foo cannot be read.")
      answers.local = holding([])
      yield* nextLook
      assert.strictEqual(yield* told, "")
    })
  )
})

it.effect("what was found in a cloud is there still when that cloud does not answer", () => {
  const answers = { local: holding([], ["nodes/foo cannot be read"]), far: holding([machine("lost")]) }
  return over(
    answers,
    Effect.gen(function* () {
      assert.include(yield* told, "There is still: lost (far: ")
      answers.far = silent
      yield* nextLook
      assert.include(yield* told, "There is still: lost (far: ")
      assert.include(yield* told, "far: it did not answer")
      answers.far = holding([])
      yield* nextLook
      assert.notInclude(yield* told, "lost")
    })
  )
})

const seconds = TestClock.adjust("6 seconds")
const noAccount = () => ({ local: holding([]), far: silent, whyNot: "there are no credentials" })

it.effect("a cloud that cannot be used is no riddle where no cluster of the log ever was there: there is nothing to be told of", () =>
  over(
    noAccount(),
    Effect.gen(function* () {
      yield* seconds
      assert.strictEqual(yield* told, "")
      assert.deepInclude(yield* Effect.flip(end("lost")), { message: "No machine carries the tags of a cluster 'lost'." })
    }),
    { seq: 1 }
  )
)

it.effect("… but it is one where a cluster was there, where the log was begun anew, and where machines were found before", () => {
  const inFar = (event: Event): Event =>
    "offer" in event && event.offer !== null ? { ...event, offer: { ...event.offer, cloud: "far" } } : event
  const far = up().map((said): Said => ("_tag" in said ? inFar(said) : [inFar(said[0]), said[1]]))
  const isSaid = Effect.gen(function* () {
    yield* seconds
    assert.include(yield* told, "far: it did not answer")
  })
  const answers: Answers = { local: holding([]), far: holding([machine("lost")]) }
  const goes = Effect.gen(function* () {
    yield* seconds
    Object.assign(answers, noAccount())
    yield* nextLook
    assert.include(yield* told, "There is still: lost (far: ")
  })
  return Effect.all([over(noAccount(), isSaid, { seq: 1, facts: far }), over(noAccount(), isSaid), over(answers, goes, { seq: 1 })])
})

it.effect("a cluster that is not found while a cloud does not answer may be there; one that the log knows is ended by the log", () =>
  over(
    { local: holding([]), far: silent },
    Effect.gen(function* () {
      const error = yield* Effect.flip(end("lost"))
      assert.include(error.message, "there may be some. Not known of far: it did not answer.")
      assert.include((yield* Effect.flip(end(name))).message, "The log is sound")
    })
  )
)

it.effect("machines that went by themselves are not told of any more, after a minute or when one of them is to be ended", () => {
  const answers = { local: holding([machine("lost")]), far: holding([]) }
  return over(
    answers,
    Effect.gen(function* () {
      answers.local = holding([machine("other")])
      yield* nextLook
      assert.include(yield* told, "There is still: other (local: ")
      answers.local = holding([])
      const error = yield* Effect.flip(end("other"))
      assert.deepInclude(error, { message: "No machine carries the tags of a cluster 'other'.", hint: null, exitCode: 5 })
      assert.strictEqual(yield* told, "")
      answers.local = holding([machine("lost")])
      assert.include((yield* Effect.flip(end(name))).message, "The log is sound")
      assert.include(yield* told, "There is still: lost (local: ")
    })
  )
})

it.effect("what the log knows, and gave up on, is not told as unknown to it: its end is one that is recorded", () => {
  const gone: ReadonlyArray<Event> = [
    { _tag: "NodeAbandoned", cluster, rank: 0, node: nodeId(0), reason: "no answer" },
    { _tag: "ClusterGone", cluster, name, reason: "torn down" }
  ]
  return over(
    { local: holding([]), far: holding([machine(name, "")]) },
    Effect.gen(function* () {
      yield* seconds
      const text = `There are machines of this log that no cluster has. There is still: train (far: ${nodeId(0)}). sky leaks --terminate ends them.`
      assert.strictEqual(yield* told, text)
    }),
    { seq: 1, facts: [...up(), ...gone] }
  )
})

it.effect("what has ended by a fact is not told of any more, although its cloud may list it for a while", () => {
  const followers: Array<Parameters<EventLog["Service"]["follow"]>[0]> = []
  const follow = (follower: (typeof followers)[number]) => {
    followers.push(follower)
    return () => {}
  }
  const about = { cluster, cloud: "far", kind: "machine", id: "i-0", region: null, node: nodeId(0) } as const
  const ended: ReadonlyArray<Event> = [
    { _tag: "LeakEnded", ...about },
    { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: null }
  ]
  return Effect.forEach(ended, (event) =>
    over(
      { local: holding([]), far: holding([machine(name, "")]) },
      Effect.gen(function* () {
        yield* seconds
        assert.include(yield* told, "There is still: train (far: ")
        for (const follower of followers) follower(recorded([event]), worldOf([]))
        assert.strictEqual(yield* told, "")
        yield* Effect.ignore(end("other"))
        assert.strictEqual(yield* told, "")
      }),
      { seq: 1, facts: [], follow }
    )
  )
})

it.effect("an end is answered when it is done, whatever the clouds say after that", () => {
  const answers: { local: Answer; far: Answer } = { local: holding([machine("lost")]), far: holding([]) }
  let asked = 0
  answers.far = Effect.suspend(() => (++asked > 2 ? Effect.never : holding([])))
  return over(
    answers,
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* end("lost"), { cluster: "lost", nodes: [nodeId(0)] })
    })
  )
})

it.effect("a machine that holds a node of the log is no riddle while it is away: no other can be on it", () => {
  // On one's own machines: what a cloud calls a region is a pool there, and a machine has a name.
  const facts = up().map((said): Said => {
    const [event, ...rest] = Array.isArray(said) ? said : [said]
    const own = event._tag === "NodeProvisioned" ? { ...event, host: "gpu-box", hostKey: "key" } : event
    const placed = "offer" in own ? { ...own, offer: { ...own.offer, cloud: "ssh", region: "rack" } } : own
    return (rest.length === 0 ? placed : [placed, ...rest]) as Said
  })
  const asked: Array<boolean> = []
  const owned = (_: null, isHad: (machine: object) => boolean) =>
    Effect.sync(() => {
      asked.push(isHad({ region: "rack", host: "gpu-box" }), isHad({ region: "rack", host: "other" }))
      return { owned: [], unclear: [] }
    })
  return Effect.sync(() => assert.deepStrictEqual(asked, [true, false])).pipe(
    Effect.provide(
      Unlogged.layer.pipe(
        Layer.provideMerge(Notices.layer),
        Layer.provide([
          Layer.succeed(Clouds, new Map([["ssh", { name: "ssh", owned } as never]])),
          Layer.succeed(EventLog, { world: () => worldOf(facts), follow: unheard } as never),
          Witness.blind("own")
        ])
      )
    )
  )
})
