/** The files of `ssh NAME` follow from the log, with one daemon or several, whatever is wrong with the user's own file. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { afterEach, beforeEach } from "vitest"
import { CloudError, type NodeRef } from "../../../daemon/clouds/Cloud.ts"
import { Clouds } from "../../../daemon/clouds/Clouds.ts"
import { EventLog, type Follower } from "../../../daemon/log/EventLog.ts"
import { Notices } from "../../../daemon/Notices.ts"
import { SshNames } from "../../../daemon/ssh-names/SshNames.ts"
import * as World from "../../../daemon/World.ts"
import { ClusterId, ClusterName } from "../../../events/ids.ts"
import type { StreamName } from "../../../events/Recorded.ts"
import { asked, cluster, name, provisioned, recorded, requested, type Said, worldOf } from "../../fakes/facts.ts"
import { targetAt } from "../../fakes/ssh-keys.ts"

let scratch: string
let before: string | undefined
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "skyd-n-"))
  before = process.env.HOME
  process.env.HOME = scratch
})
afterEach(() => {
  process.env.HOME = before
  rmSync(scratch, { recursive: true, force: true })
})

const hostKey = "ssh-ed25519 AAAA"
const up = (numNodes = 1): ReadonlyArray<Said> => [
  ...asked({ numNodes }),
  ...provisioned(numNodes).map((said): Said => {
    const [event, id] = "_tag" in said ? [said, "r-launch"] : said
    return [event._tag === "NodeProvisioned" ? { ...event, host: `box-${event.rank}`, hostKey } : event, id]
  })
]
const gone: ReadonlyArray<Said> = [requested("down"), [{ _tag: "DownRequested", cluster, purge: false, lastUse: "" }, "r-down"]]

interface Given {
  readonly state?: string
  readonly login?: ((ref: NodeRef) => Effect.Effect<ReturnType<typeof targetAt>, CloudError>) | undefined
}
const reached = ({ host, hostKey: key }: NodeRef) => Effect.succeed(targetAt({ name: host!, host: host!, hostKey: key }))

/** A daemon that starts on these facts, and hears what happens later. */
const startOn = Effect.fnUntraced(function* (facts: ReadonlyArray<Said>, given: Given = {}) {
  const { state = "s" } = given
  const login = "login" in given ? given.login : reached
  mkdirSync(join(scratch, state), { recursive: true })
  let world = worldOf(facts)
  const followers = new Set<Follower>()
  const follow = (follower: Follower) => {
    followers.add(follower)
    return () => void followers.delete(follower)
  }
  const happen = (later: ReadonlyArray<Said>, stream?: StreamName) => {
    const group = recorded(later, world.at + 1).map((each) => ({ ...each, ...(stream && { stream }) }))
    world = group.reduce(World.apply, world)
    for (const follower of followers) follower(group, world)
  }
  const clouds = new Map([["local", { name: "local", lackOf: () => null, ...(login && { login }) }]])
  const around = Layer.merge(Layer.succeed(EventLog, { world: () => world, follow } as never), Layer.succeed(Clouds, clouds as never))
  const context = yield* Layer.build(SshNames.layer(join(scratch, state)).pipe(Layer.provide(around), Layer.provideMerge(Notices.layer)))
  return { happen, names: Context.get(context, SshNames), notices: Context.get(context, Notices) }
})

const config = () => (existsSync(join(scratch, ".ssh/config")) ? readFileSync(join(scratch, ".ssh/config"), "utf8") : null)
const line = (state = "s") => `Include ${scratch}/${state}/ssh/*.conf\n`
const files = (state = "s") => (existsSync(join(scratch, state, "ssh")) ? readdirSync(join(scratch, state, "ssh")).sort() : [])
const hosts = (state = "s") =>
  files(state).includes("train.conf")
    ? [...readFileSync(join(scratch, state, "ssh/train.conf"), "utf8").matchAll(/^Host (.*)$/gm)].map(([, host]) => host)
    : []
const until = (is: () => boolean) =>
  Effect.gen(function* () {
    while (!is()) yield* Effect.promise(() => new Promise((done) => setTimeout(done, 2)))
  })
const own = (text: string) => {
  mkdirSync(join(scratch, ".ssh"), { recursive: true })
  writeFileSync(join(scratch, ".ssh/config"), text)
}

describe("the names that ssh knows", () => {
  it.live("are those of each node, until the cluster is to go", () =>
    Effect.gen(function* () {
      const { happen, names } = yield* startOn(up(3))
      yield* until(() => names.commandOf(cluster) === "ssh train")
      assert.deepStrictEqual(hosts(), ["train", "train-worker1", "train-worker2"])
      assert.strictEqual(config(), line())
      happen(gone)
      yield* until(() => names.commandOf(cluster) === null)
      assert.deepStrictEqual([files(), config()], [[], ""])
    })
  )

  it.live("are none where a cloud is not reached over ssh: the user's files are not touched", () =>
    Effect.gen(function* () {
      const { happen, names, notices } = yield* startOn(up(), { login: undefined })
      happen(gone)
      yield* Effect.yieldNow
      assert.deepStrictEqual([config(), files(), names.commandOf(cluster), notices.list()], [null, [], null, []])
    })
  )

  it.live("of a worker give way to a cluster that bears that name", () =>
    Effect.gen(function* () {
      const { happen } = yield* startOn(up(2))
      yield* until(() => hosts().length === 2)
      const other = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZY")
      happen([{ _tag: "ClusterCreated", cluster: other, name: ClusterName.make("train-worker1") }], `cluster/${other}` as StreamName)
      yield* until(() => hosts().length === 1)
      assert.deepStrictEqual(hosts(), [name])
    })
  )

  it.live("of two daemons stand side by side, and go one by one", () =>
    Effect.gen(function* () {
      own("Host mine\n")
      const daemons = yield* Effect.forEach(["one", "two"], (state) => startOn(up(), { state }), { concurrency: 2 })
      yield* until(() => ["one", "two"].every((state) => config()?.includes(line(state))))
      daemons[0]!.happen(gone)
      yield* until(() => config() === `${line("two")}Host mine\n`)
      daemons[1]!.happen(gone)
      yield* until(() => config() === "Host mine\n")
    })
  )

  it.live("stay as they are while it cannot be told how a machine is reached", () =>
    Effect.gen(function* () {
      mkdirSync(join(scratch, "s/ssh"), { recursive: true })
      writeFileSync(join(scratch, "s/ssh/train.conf"), "Host train\n")
      const silent = () => Effect.fail(new CloudError({ kind: "Transient", code: "PoolsFile", message: "the pools file is gone" }))
      yield* startOn(up(), { login: silent })
      yield* until(() => config() === line())
      assert.deepStrictEqual(hosts(), ["train"])
    })
  )

  it.live("are none of those that a file has which the user's own takes in", () =>
    Effect.gen(function* () {
      own("Include conf.d/*\n")
      mkdirSync(join(scratch, ".ssh/conf.d"))
      writeFileSync(join(scratch, ".ssh/conf.d/lab"), "Host train-worker1\n")
      const { names, notices } = yield* startOn(up(2))
      yield* until(() => names.commandOf(cluster) !== null)
      assert.deepStrictEqual(hosts(), ["train"])
      const said = "ssh train-worker1 goes where your own ~/.ssh/config says, not to the cluster train."
      assert.deepStrictEqual([notices.about(cluster), notices.list()], [said, []])
    })
  )

  it.live("are said to be none where ssh reads the state folder's path otherwise", () =>
    Effect.gen(function* () {
      const { notices } = yield* startOn(up(), { state: "a[b]" })
      yield* until(() => notices.list().length > 0)
      assert.match(notices.list()[0]!, /^ssh does not know the names of clusters: the path .* reads otherwise\.$/)
      assert.strictEqual(config(), null)
    })
  )
})
