/**
 * Machines that the user owns, over plain ssh. A machine is leased to one cluster at a time; the lease lies on the machine, so whoever's
 * log it is of is known there. Nothing is ever stopped: what is not reached is not known, and `terminate` gives the machine back.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { NodeIdentity } from "../../../sdk/agent/node-folder.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { inner } from "../../../task/sentence.ts"
import { agentsOver, plain } from "../../over-ssh/agents.ts"
import { refused, transient } from "../../over-ssh/errors.ts"
import { bootstrap, lookAt } from "../../remote/bootstrap.ts"
import type { Connections } from "../../remote/Connections.ts"
import { resolve } from "../../remote/resolve.ts"
import type { Cloud, NodeRef, NodeState } from "../Cloud.ts"
import { unknownState } from "../unknown-state.ts"
import { makeClaims } from "./claim.ts"
import { isFound, type Looked } from "./Looked.ts"
import { offersOf } from "./offers.ts"
import { PoolsError } from "./PoolMachine.ts"
import { makePoolMachines, type PoolMachines, type PoolMachinesOptions } from "./PoolMachines.ts"
import { type KnownPools, machinesOf, openPools, poolsFile } from "./pools.ts"
import { type StateFolder, stateFolder } from "./state-folder.ts"
import { catalogOf, ownedOf, viewOf } from "./views.ts"

interface SshCloudOptions {
  /** The daemon's state folder, absolute. */
  readonly home: string
  /** The bundled agent, `dist/agent.cjs`. */
  readonly agentPath: string
  readonly connections: Connections["Service"]
}

const queryMaxMs = 30_000
const queriesAtOnce = 32
const neverStopped = "machines of an ssh pool are yours, and never stopped"

const noAccess = ({ file, pools }: KnownPools, home: string): string | null => {
  if (file === null) return `there is no ${poolsFile} in ${home} or ~/.sky`
  return pools.size === 0 ? `${file} names no machine` : null
}

/** In the middle of a sentence. */
const faultsOf = ({ faults }: KnownPools) => [...faults.values()].map(inner)

const query = (machines: PoolMachines, ref: NodeRef, letGo: (ref: NodeRef) => Effect.Effect<void>) =>
  machines.ask(ref, "query", { nodes: [plain(ref)] }).pipe(
    Effect.map(([state]) => state as NodeState),
    Effect.tap(({ state }) => (state === "missing" ? letGo(ref) : Effect.void)),
    Effect.timeoutOrElse({
      duration: queryMaxMs,
      orElse: () => Effect.fail(transient("NoAnswer", `${ref.host} did not answer within ${queryMaxMs / 1000} s`))
    }),
    Effect.catch(({ message }) => Effect.succeed(unknownState(ref, message)))
  )

/** What it stands on: the user's files, and machines behind connections. */
interface SshParts extends PoolMachinesOptions {
  /** For people: where the user's file may lie. */
  readonly home: string
  readonly folder: StateFolder
}

export const make = ({ agentPath, connections, home }: SshCloudOptions): Effect.Effect<Cloud> =>
  over({
    home,
    connections,
    pools: openPools(home),
    resolve,
    lookAt: (target) => lookAt(connections, target, agentPath),
    bring: ({ nodeMirror }, target, ground) => bootstrap(connections, target, agentPath, { mirror: nodeMirror, ...(ground && { ground }) }),
    folder: stateFolder(home)
  })

export const over = Effect.fn("SshCloud.over")(function* ({ folder, home, ...rest }: SshParts): Effect.fn.Return<Cloud> {
  let last: ReadonlyArray<string> = []
  let isMisset = false
  const pools = async () => {
    const known = await rest.pools()
    // A pool with a fault can be named, and then the fault is said.
    last = [...known.pools.keys(), ...known.faults.keys()]
    return known
  }
  const machines = makePoolMachines({ ...rest, pools })
  /** It is on its machine no more, which is noted as it was called when it was taken. */
  const letGo = (ref: NodeRef) =>
    Effect.andThen(machines.unpin(ref), folder.letGo({ pool: ref.region ?? "", host: ref.host ?? "" }, ref.node))
  const claim = makeClaims({ machines, folder })

  /** A machine of a pool that is off is no news, unless one of ours may be on it. */
  const mayBeOurs = (looked: Looked) => (isFound(looked) ? Effect.succeed(false) : folder.hasTaken(looked))

  return {
    name: "ssh",
    lackOf: (feature) => (feature === "STOP" ? neverStopped : null),
    howTo: `Name your machines in ${poolsFile}, for example: 'rack: {user: ann, hosts: [10.0.0.4]}'. Then see: sky check ssh`,
    identity: Effect.succeed(null),
    catalog: catalogOf(() => last),
    whyNot: Effect.promise(async () => {
      try {
        const known = await pools()
        isMisset = false
        return noAccess(known, home)
      } catch (error) {
        isMisset = error instanceof PoolsError
        return error instanceof PoolsError ? error.message : Promise.reject(error)
      }
    }),
    isMisset: () => isMisset,
    // Which machines there are cannot be told: there may be some.
    hasSigns: Effect.promise(() =>
      pools().then(
        () => false,
        (error) => error instanceof PoolsError
      )
    ),
    warnings: Effect.map(Effect.option(machines.known), (known) =>
      known._tag === "Some" ? [...(known.value.warning === null ? [] : [known.value.warning]), ...known.value.faults.values()] : []
    ),
    machines: Effect.fn("SshCloud.machines")(function* (pool) {
      const known = yield* machines.known
      const fault = known.faults.get(pool ?? "")
      if (fault !== undefined) return yield* refused("PoolsFile", fault)
      return (yield* machines.lookAll(machinesOf(known, pool), "now")).map(viewOf)
    }),
    offers: Effect.fn("SshCloud.offers")(
      function* (task) {
        const known = yield* machines.known
        const regions = alternativesOf(task.resources).items.map(({ region }) => region ?? null)
        const asked = regions.includes(null) ? machinesOf(known) : [...new Set(regions)].flatMap((region) => machinesOf(known, region))
        const sinceMs = yield* Clock.currentTimeMillis
        const isEnough = (some: ReadonlyArray<Looked>, { reached }: Looked) =>
          reached?.ground.lease === null && offersOf(some, task, known.faults).offers.length > 0
        const offered = offersOf(yield* machines.lookUntil(asked, "of late", isEnough), task, known.faults)
        // What was seen a while ago may be free by now.
        return offered.offers.length > 0 ? offered : offersOf(yield* machines.lookUntil(asked, { sinceMs }, isEnough), task, known.faults)
      },
      Effect.catch(({ message }) => Effect.succeed({ offers: [], reason: message }))
    ),
    provision: claim,
    query: Effect.fn("SshCloud.query")((nodes) =>
      Effect.forEach(nodes, (ref) => query(machines, ref, letGo), { concurrency: queriesAtOnce })
    ),
    owned: Effect.fn("SshCloud.owned")(function* (log, isHad = () => false) {
      const own = yield* folder.id
      if (own === null) return { owned: [], unclear: [] }
      const known = yield* machines.known
      const looked = yield* machines.lookAll(machinesOf(known), "now")
      const isOurs = (lease: NodeIdentity) => (log === null ? lease.stateFolder === own : lease.log === log)
      const others = looked.filter(({ host, pool, reached }) => reached !== null || !isHad({ region: pool, host }))
      const free = looked.filter(({ reached }) => reached?.ground.lease === null)
      yield* Effect.forEach(free, folder.seenFree, { concurrency: "unbounded", discard: true })
      const silent = yield* Effect.filter(others, mayBeOurs, { concurrency: "unbounded" })
      // One machine may be in several pools.
      const whys = new Map(silent.map(({ host, why }) => [host, why]))
      return {
        owned: looked.flatMap((one) => ownedOf(one, isOurs)),
        unclear: [...[...whys].map(([host, why]) => `${host} is not reached: ${why}`), ...faultsOf(known)]
      }
    }),
    start: Effect.fn("SshCloud.start")((ref) => machines.ask(ref, "start", plain(ref))),
    stop: Effect.fn("SshCloud.stop")(() => refused("NotSupported", `${neverStopped}.`)),
    terminate: Effect.fn("SshCloud.terminate")(function* (ref) {
      yield* machines.ask(ref, "terminate", plain(ref))
      yield* letGo(ref)
    }),
    installAgent: Effect.fn("SshCloud.installAgent")(function* (ref) {
      const { host: seenAt } = yield* machines.addressOf(ref)
      return yield* machines.ask(ref, "installAgent", { ...plain(ref), comesBack: true, seenAt })
    }),
    ...agentsOver(machines)
  }
})
