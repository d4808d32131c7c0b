/**
 * This machine as a place for nodes: each is a folder and an agent process below one folder of ours. Agents outlive whoever asks here;
 * only `stop` and `terminate` end them. A node runs when its folder says so, whether or not its agent is alive at the moment.
 */
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { homeOf, type NodeIdentity, nodeFiles } from "../sdk/agent/node-folder.ts"
import { endByForce, endNode, ensureAgent, type NodePlace } from "./agent.ts"
import { addLine, keyLine, takeOut, takeOutMade } from "./authorized-keys.ts"
import { comeBack, stayAway } from "./comes-back.ts"
import { isOfAnotherBoot, markStarted, mustFind, ownIdentity, whyStopped, writeIdentity } from "./folder.ts"
import { headKey } from "./head-key.ts"
import { inParallel } from "./in-parallel.ts"
import { readJournal } from "./journal.ts"
import { holdsLease } from "./lease.ts"
import { machineError, refused } from "./MachineError.ts"
import { ownedBy } from "./owned.ts"
import { type Places, places, whyTooLong } from "./places.ts"
import { sweepPrograms } from "./programs.ts"
import { provision } from "./provision.ts"
import type { Machine, NodeRef, NodeState } from "./shapes.ts"
import { discard, remains, sweep } from "./trash.ts"
import { whole } from "./whole.ts"

interface MachineOptions {
  /** Of all of ours, absolute: on local the daemon's state folder. */
  readonly base: string
  /** The bundled agent, `agent.cjs`. */
  readonly agentPath: string
  /** What the environment of jobs starts from. */
  readonly environment: () => Promise<NodeIdentity["environment"]>
}

const width = 16
/** What the user's login sets for Node programs of his own would change ours, or keep them from starting. */
const withoutOptions = ["/usr/bin/env", "NODE_OPTIONS=", "NODE_PATH="]
/** A claim that is older was cut short; a younger one may be another's, who is being told that the machine is taken. */
const claimMaxMs = 3_600_000

const nodeState = async (at: Places, ref: NodeRef): Promise<NodeState> => {
  const { rank, node } = ref
  const identity = await ownIdentity(at.node(node), ref)
  if (!identity) {
    // No machine, no processes, no lease; here they would outlive it.
    await endByForce({ folder: at.node(node), node })
    if (await holdsLease(at, node)) await discard(at, node)
    return { rank, node, state: "missing", address: null, reason: "its folder does not exist", down: false }
  }
  const stopped = await whyStopped(at.node(node), identity)
  const state = stopped ? "stopped" : "running"
  return { rank, node, state, address: identity.address, reason: stopped?.reason ?? null, down: stopped?.down ?? false }
}

const stateOrUnknown = (at: Places, ref: NodeRef): Promise<NodeState> =>
  nodeState(at, ref).catch((error: unknown) => {
    const { rank, node } = ref
    return { rank, node, state: "unknown", address: null, reason: machineError(error).message, down: false }
  })

export const openMachine = async ({ base, agentPath, environment }: MachineOptions): Promise<Machine> => {
  const at = places(base)
  const tooLong = whyTooLong(at)
  if (tooLong !== null) throw refused("PathTooLong", `${tooLong}.`)
  for (const folder of [at.nodes, at.run, at.trash]) await mkdir(folder, { recursive: true, mode: 0o700 })
  const left = await remains(at, 0)

  const placeOf = (identity: NodeIdentity): NodePlace => ({
    folder: at.node(identity.node),
    socket: at.socket(identity.node),
    identity,
    agentPath
  })
  const find = async (ref: NodeRef) => placeOf((await mustFind(at, ref)).identity)
  const findRunning = async (ref: NodeRef) => {
    const place = await find(ref)
    const stopped = await whyStopped(place.folder, place.identity)
    if (!stopped) return place
    throw refused("Stopped", `Node ${ref.node} is not running: ${stopped.reason}. Start the cluster first.`)
  }
  const end = async (ref: NodeRef, how: "Stopped" | "Down", signal: AbortSignal) => {
    const identity = await ownIdentity(at.node(ref.node), ref)
    if (!identity) return
    const place = placeOf(identity)
    await endNode(place, how, (await whyStopped(place.folder, identity)) !== null, signal).catch((error) => {
      if (how === "Down" && !signal.aborted) return endByForce({ folder: place.folder, node: ref.node })
      throw error
    })
  }

  /** It may have been ended meanwhile, and nobody undoes it after that. */
  const comeBackWith = async (ref: NodeRef) => {
    await comeBack(at, [process.execPath, agentPath, "boot", base])
    await sweepPrograms(at, process.execPath, agentPath)
    // What others have left there keeps nobody from having an agent.
    await sweep(await remains(at, claimMaxMs)).catch(() => {})
    await findRunning(ref).catch(async (error) => {
      await stayAway(at)
      throw error
    })
  }

  return {
    provision: async (claim, signal) => {
      const found = await environment()
      return whole(signal, () => provision(at, claim, found))
    },
    query: ({ nodes }) => inParallel(nodes, width, (ref) => stateOrUnknown(at, ref)),
    owned: ({ log }) => ownedBy(at, log),
    start: async ({ anew = false, ...ref }, signal) => {
      const place = await find(ref)
      const { address } = place.identity
      const stopped = await whyStopped(place.folder, place.identity)
      if (!stopped && !(anew && (await isOfAnotherBoot(place.folder)))) return { address }
      if (stopped?.down) throw refused("Ended", `Node ${ref.node} ended itself for good: it can only be taken down.`)
      // What is still ending there from before must not be taken for the new start's.
      await endNode(place, "Stopped", true, signal)
      await whole(signal, () => markStarted(place.folder))
      return { address }
    },
    stop: async (ref, signal) => {
      await end(ref, "Stopped", signal)
      return {}
    },
    terminate: async (ref, signal) => {
      await end(ref, "Down", signal)
      await whole(signal, () => discard(at, ref.node))
      return {}
    },
    installAgent: async ({ comesBack = false, seenAt, ...ref }, signal) => {
      const found = await findRunning(ref)
      const identity = { ...found.identity, address: seenAt ?? found.identity.address }
      const place = { ...found, identity }
      if (identity.address !== found.identity.address) await whole(signal, () => writeIdentity(place.folder, identity))
      await Promise.all([ensureAgent(place, signal), comesBack ? whole(signal, () => comeBackWith(ref)) : undefined])
      const { address, socket } = place.identity
      return { rank: ref.rank, node: ref.node, address, socket }
    },
    agentSocket: async (ref) => ({ socket: (await findRunning(ref)).socket }),
    homeFolder: async (ref) => {
      const { folder, identity } = await find(ref)
      return { home: homeOf(folder, identity), staging: join(folder, nodeFiles.incoming) }
    },
    headKey: async (ref, signal) => {
      const { folder } = await find(ref)
      return { publicKey: await whole(signal, () => headKey(folder)) }
    },
    letIn: async ({ publicKey, ...ref }, signal) => {
      const { socket } = await findRunning(ref)
      if (!(await holdsLease(at, ref.node))) throw refused("NotAlone", `Node ${ref.node} does not have this machine alone.`)
      const line = keyLine([...withoutOptions, process.execPath, agentPath, "connect", socket], publicKey, ref.node)
      await whole(signal, async () => {
        const isOurs = await addLine(line, ref.node)
        if (isOurs) await writeFile(join(at.node(ref.node), nodeFiles.madeKeys), "")
        // It may have been ended meanwhile, and nobody takes it out after that.
        await findRunning(ref).catch(async (error) => {
          await (isOurs ? takeOutMade : takeOut)(ref.node)
          throw error
        })
      })
      return {}
    },
    journalAtRest: async (ref) => readJournal((await find(ref)).folder),
    sweep: async () => {
      await sweep(left)
      return {}
    }
  }
}
