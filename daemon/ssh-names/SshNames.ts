/**
 * `ssh NAME` for clusters that are reached over ssh: an entry for each in a folder of ours, and one line in the user's `~/.ssh/config` that
 * takes the folder in. Both follow from the log: what is missing, stale or edited is made right at a start of the daemon and whenever
 * something happens to that cluster. Whatever cannot be done is said, and nothing fails of it.
 */
import { homedir } from "node:os"
import { join } from "node:path"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import type { ClusterId } from "../../events/ids.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { changeOwn, readOwn } from "../../machine/user-file.ts"
import { clusterOf } from "../../projections/clusters.ts"
import { inner } from "../../task/sentence.ts"
import { Clouds } from "../clouds/Clouds.ts"
import { EventLog } from "../log/EventLog.ts"
import { Notices } from "../Notices.ts"
import { refOf } from "../reactors/raise-machines.ts"
import { word } from "./entry.ts"
import { patternOf, removeEntry, removeOthers, writeEntry } from "./files.ts"
import { ownNames } from "./own-names.ts"
import { isIn, isOff, type OurLine, withLine, withoutLine } from "./user-config.ts"
import { type Wish, wishesOf } from "./wishes.ts"

export class SshNames extends Context.Service<
  SshNames,
  {
    /** What to type for a shell on its head; null where that leads elsewhere or nowhere. */
    readonly commandOf: (cluster: ClusterId) => string | null
  }
>()("skyd/daemon/ssh-names/SshNames") {
  static readonly layer = (home: string) => Layer.effect(SshNames, make(join(home, "ssh")))
  /** Nobody's files are touched. */
  static readonly none = Layer.succeed(SshNames, { commandOf: () => null })
}

const config = "config"
const subject = "ssh names"

/** Jobs come and go, and no file changes with them. */
const mayMatter = (recorded: Recorded) => clusterOf(recorded) !== undefined && !/^(Job|Setup|Autostop)/.test(recorded.event._tag)

const ourLine = (folder: string): OurLine => {
  const path = patternOf(folder)
  if (/[%$?[\]*~]/.test(folder)) throw new Error(`the path ${folder} has characters that ssh's configuration reads otherwise`)
  return { line: `Include ${word(path)}`, path, home: homedir() }
}

/** What the user's file does for us in the end. */
const settle = async (ours: OurLine, isWanted: boolean): Promise<"in" | "off" | "out"> => {
  const text = await readOwn(config)
  if (isOff(text, ours)) return "off"
  const edit = (found: string) => (isWanted ? withLine(found, ours) : withoutLine(found, ours))
  if (edit(text) !== text) await changeOwn(config, edit)
  return isWanted || isIn(text, ours) ? "in" : "out"
}

const messageOf = (error: unknown) => inner(error instanceof Error ? error.message : String(error))

const make = Effect.fnUntraced(function* (folder: string) {
  const log = yield* EventLog
  const clouds = yield* Clouds
  const notices = yield* Notices
  const fork = yield* FiberSet.makeRuntime<never>()
  const one = Semaphore.makeUnsafe(1)
  /** By name: what was written for it. */
  const written = new Map<string, Wish>()
  let known = new Map<ClusterId, string>()
  /** Of these it was said that their names lead elsewhere. */
  let lostBefore: ReadonlyArray<ClusterId> = []
  /** The last look came to its end. */
  let isWhole = false

  /** As it is reached now; null where that cannot be told, and what is there stays. */
  const namedOf = (wish: Wish) =>
    Effect.forEach(wish.nodes, ({ name, node }) =>
      Effect.map(wish.login(refOf(wish.row, node, log.world().clusters.log)), (target) => ({ name, target }))
    ).pipe(Effect.catch(({ message }) => Effect.as(Effect.logWarning(`ssh ${wish.row.name} is not brought up to date: ${message}`), null)))

  const write = Effect.fnUntraced(function* (wish: Wish, taken: ReadonlySet<string>) {
    const { name } = wish.row
    const named = yield* namedOf(wish)
    if (named === null) return null
    const own = named.filter((node) => !taken.has(node.name))
    yield* Effect.tryPromise({
      try: () => (own.length === 0 ? removeEntry(folder, name) : writeEntry(folder, name, own)),
      catch: (error) => `ssh ${name} does not lead to the cluster: ${messageOf(error)}.`
    })
    written.set(name, wish)
    // A machine that bears the cluster's own name is where it leads anyway.
    const lost = wish.nodes.find((node) => taken.has(node.name) && node.node.host !== node.name)
    return lost === undefined ? null : `ssh ${lost.name} goes where your own ~/.ssh/config says, not to the cluster ${name}.`
  })

  const look = Effect.fnUntraced(function* (wishes: ReadonlyArray<Wish>) {
    const names = new Set<string>(wishes.map(({ row }) => row.name))
    const line = yield* Effect.try({ try: () => ourLine(folder), catch: messageOf })
    const taken = yield* Effect.tryPromise({ try: async () => ownNames(await readOwn(config), line), catch: messageOf })
    yield* Effect.tryPromise({ try: () => removeOthers(folder, names), catch: messageOf })
    for (const name of written.keys()) if (!names.has(name)) written.delete(name)
    const said = yield* Effect.forEach(wishes, (wish) =>
      Effect.match(write(wish, taken), {
        onSuccess: (lost) => ({ cluster: wish.row.id, lost, failed: null }),
        onFailure: (failed) => ({ cluster: wish.row.id, lost: null, failed })
      })
    )
    const way = `Put this line at the top of your ~/.ssh/config: ${line.line}`
    const state = yield* Effect.tryPromise({
      try: () => settle(line, names.size > 0),
      catch: (error) => `${messageOf(error)}. ${way}, or with # in front to hear no more of it`
    })
    known = new Map(
      wishes.filter(({ row: { name } }) => state === "in" && written.has(name) && !taken.has(name)).map(({ row }) => [row.id, row.name])
    )
    const lost = new Map(said.flatMap((one) => (state === "off" || one.lost === null ? [] : [[one.cluster, one.lost] as const])))
    for (const cluster of lostBefore) if (!lost.has(cluster)) notices.setAbout(cluster, null)
    for (const [cluster, text] of lost) notices.setAbout(cluster, text)
    lostBefore = [...lost.keys()]
    return state === "off" ? null : (said.find(({ failed }) => failed !== null)?.failed ?? null)
  })

  const pass = Effect.suspend(() => {
    const wishes = wishesOf(log.world().clusters, clouds)
    const isDone = wishes.length === written.size && wishes.every(({ key, row }) => written.get(row.name)?.key === key)
    if (isDone && isWhole) return Effect.void
    isWhole = false
    return look(wishes).pipe(
      Effect.tap(() => Effect.sync(() => (isWhole = true))),
      Effect.catch((why) => Effect.succeed(wishes.length === 0 ? null : `ssh does not know the names of clusters: ${why}.`)),
      Effect.tap((text) => (text === null ? Effect.void : Effect.logWarning(text))),
      Effect.map((text) => notices.set(subject, text))
    )
  })

  let isAsked = false
  const ask = () => {
    if (isAsked) return
    isAsked = true
    const next = Effect.suspend(() => {
      isAsked = false
      return pass
    })
    const guarded = Effect.catchCause(one.withPermits(1)(next), (cause) =>
      Effect.logError("the names that ssh knows are not kept", Cause.pretty(cause))
    )
    // Who ends the daemon waits for the user's file to be whole, and its lock to be gone.
    fork(Effect.uninterruptible(guarded))
  }
  const stop = log.follow((group) => {
    if (group.some(mayMatter)) ask()
  })
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  ask()
  return SshNames.of({
    commandOf: (cluster) => {
      const name = known.get(cluster)
      return name === undefined ? null : `ssh ${name}`
    }
  })
})
