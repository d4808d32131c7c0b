/**
 * This machine as a cloud: a node is a folder and an agent process, without an account, ssh or root. Agents outlive the daemon;
 * only `stop` and `terminate` end them. A node runs when its folder says so, whether or not its agent is alive at the moment.
 */

import { mkdir } from "node:fs/promises"
import { isAbsolute, join, normalize } from "node:path"
import * as Effect from "effect/Effect"
import type { NodeIdentity } from "../../../sdk/agent/protocol.ts"
import { copyFiles } from "../../sync/copy-files.ts"
import { type Cloud, type CloudError, type NodeRef, type NodeState, unknownState } from "../Cloud.ts"
import { endByForce, endNode, ensureAgent, type NodePlace } from "./agent.ts"
import { connect } from "./ask.ts"
import { attempt } from "./attempt.ts"
import { makeEnvironment } from "./environment.ts"
import { markStarted, ownIdentity, type Places, places, refused, whyStopped } from "./folder.ts"
import { readJournal } from "./journal.ts"
import { findAccelerators, lacks, misfit, thisMachine } from "./offers.ts"
import { ownedBy } from "./owned.ts"
import { provision } from "./provision.ts"
import { discard, remains, sweep } from "./trash.ts"

export interface LocalCloudOptions {
  /** The daemon's state folder, absolute. */
  readonly home: string
  /** The bundled agent, `dist/agent.cjs`. */
  readonly agentPath: string
}

const socketPathMaxBytes = process.platform === "darwin" ? 103 : 107
const width = 16
/** After a start. */
const askMs = 1000

const prepare = async (at: Places) => {
  const path = at.socket("")
  if (Buffer.byteLength(path) > socketPathMaxBytes) {
    throw refused("PathTooLong", `${path} is too long for a socket (${socketPathMaxBytes} bytes): set SKYD_HOME to a shorter path.`)
  }
  for (const folder of [at.nodes, at.run, at.trash]) await mkdir(folder, { recursive: true, mode: 0o700 })
  return remains(at)
}

const nodeState = async (at: Places, ref: NodeRef): Promise<NodeState> => {
  const { rank, node } = ref
  const identity = await ownIdentity(at.node(node), ref)
  if (!identity) {
    // No machine, no processes; here they would outlive it.
    await endByForce({ folder: at.node(node), node })
    return { rank, node, state: "missing", address: null, reason: "its folder does not exist", down: false }
  }
  const stopped = await whyStopped(at.node(node))
  const state = stopped ? "stopped" : "running"
  return { rank, node, state, address: identity.address, reason: stopped?.reason ?? null, down: stopped?.down ?? false }
}

/** Where on the node files go, relative to its home; null for what would be a path of the user's own machine. */
const insideHome = (target: string): string | null => {
  const path = normalize(target)
  return isAbsolute(path) || path.split("/").includes("..") ? null : path
}

export const make = Effect.fn("LocalCloud.make")(function* ({ home, agentPath }: LocalCloudOptions): Effect.fn.Return<Cloud, CloudError> {
  const at = places(home)
  const old = yield* attempt(() => prepare(at))
  yield* attempt(() => sweep(old)).pipe(
    Effect.catch((error) => Effect.logWarning(error.message)),
    Effect.forkDetach
  )
  const environment = makeEnvironment()
  let found: ReturnType<typeof findAccelerators> | undefined
  const accelerators = () => {
    found ??= findAccelerators()
    return found
  }
  // Others are asked, who may take their time: soon, and not while a start waits.
  yield* Effect.sleep(askMs).pipe(Effect.andThen(Effect.promise(() => Promise.all([environment(), accelerators()]))), Effect.forkDetach)

  const placeOf = (identity: NodeIdentity): NodePlace => ({
    folder: at.node(identity.node),
    socket: at.socket(identity.node),
    identity,
    agentPath
  })
  const find = async (ref: NodeRef) => {
    const identity = await ownIdentity(at.node(ref.node), ref)
    if (identity) return placeOf(identity)
    throw refused("Missing", `Node ${ref.node} does not exist: its folder ${at.node(ref.node)} is gone.`)
  }
  const findRunning = async (ref: NodeRef) => {
    const place = await find(ref)
    const stopped = await whyStopped(place.folder)
    if (!stopped) return place
    throw refused("Stopped", `Node ${ref.node} is not running: ${stopped.reason}. Start the cluster first.`)
  }
  const end = async (ref: NodeRef, how: "Stopped" | "Down", signal: AbortSignal) => {
    const identity = await ownIdentity(at.node(ref.node), ref)
    if (!identity) return
    const place = placeOf(identity)
    await endNode(place, how, (await whyStopped(place.folder)) !== null, signal).catch((error) => {
      if (how === "Down" && !signal.aborted) return endByForce({ folder: place.folder, node: ref.node })
      throw error
    })
  }

  return {
    name: "local",
    lackOf: () => null,
    homeOnly: true,
    identity: Effect.succeed(null),
    offers: Effect.fn("LocalCloud.offers")(function* (task) {
      const machine = thisMachine(yield* Effect.promise(accelerators))
      const reason = misfit(machine, task)
      return { offers: reason === null ? [machine] : [], reason, lacks: lacks(task) }
    }),
    provision: Effect.fn("LocalCloud.provision")(function* (request) {
      return yield* provision(at, request, yield* Effect.promise(environment))
    }),
    query: Effect.fn("LocalCloud.query")((nodes) =>
      Effect.forEach(
        nodes,
        (ref) =>
          Effect.catch(
            attempt(() => nodeState(at, ref)),
            ({ message }) => Effect.succeed(unknownState(ref, message))
          ),
        {
          concurrency: width
        }
      )
    ),
    owned: Effect.fn("LocalCloud.owned")((log) => attempt(() => ownedBy(at, log))),
    start: Effect.fn("LocalCloud.start")(function* (ref) {
      const place = yield* attempt(() => find(ref))
      const { address } = place.identity
      const stopped = yield* attempt(() => whyStopped(place.folder))
      if (!stopped) return { address }
      if (stopped.down) return yield* refused("Ended", `Node ${ref.node} ended itself for good: it can only be taken down.`)
      // What is still ending there from before must not be taken for the new start's.
      yield* attempt((signal) => endNode(place, "Stopped", true, signal))
      yield* attempt(() => markStarted(place.folder)).pipe(Effect.uninterruptible)
      return { address }
    }),
    stop: Effect.fn("LocalCloud.stop")((ref) => attempt((signal) => end(ref, "Stopped", signal))),
    terminate: Effect.fn("LocalCloud.terminate")(function* (ref) {
      yield* attempt((signal) => end(ref, "Down", signal))
      yield* attempt(() => discard(at, ref.node)).pipe(Effect.uninterruptible)
    }),
    installAgent: Effect.fn("LocalCloud.installAgent")(function* (ref) {
      const place = yield* attempt(() => findRunning(ref))
      yield* attempt((signal) => ensureAgent(place, signal))
      const { address, socket } = place.identity
      return { rank: ref.rank, node: ref.node, address, socket }
    }),
    connectAgent: Effect.fn("LocalCloud.connectAgent")((ref) =>
      attempt(async (signal) => connect((await findRunning(ref)).socket, signal))
    ),
    journalAtRest: Effect.fn("LocalCloud.journalAtRest")((ref) =>
      attempt(async () => readJournal((await find(ref)).folder)).pipe(Effect.orElseSucceed(() => null))
    ),
    put: Effect.fn("LocalCloud.put")(function* (ref, files, target) {
      const place = yield* attempt(() => find(ref))
      const path = insideHome(target)
      if (path === null) {
        return yield* refused("OutsideHome", `'${target}' is not below ~: on the local cloud it would be a path of your own machine.`)
      }
      yield* copyFiles(files, join(place.folder, "home"), path).pipe(Effect.mapError((error) => refused("NotCopied", error.message)))
    })
  }
})
