/** This machine as a cloud, without an account, ssh or root: what `machine/` does, done in the daemon's own process. */

import { isAbsolute, normalize } from "node:path"
import * as Effect from "effect/Effect"
import { connect } from "../../../machine/ask.ts"
import { makeEnvironment } from "../../../machine/environment.ts"
import { findAccelerators } from "../../../machine/hardware.ts"
import { openMachine } from "../../../machine/Machine.ts"
import { places, whyTooLong } from "../../../machine/places.ts"
import { copyFiles } from "../../sync/copy-files.ts"
import { type Cloud, CloudError, type NodeState, type Owned, type Provisioned } from "../Cloud.ts"
import { attempt } from "./attempt.ts"
import { elsewhere, lacks, misfit, thisMachine } from "./offers.ts"

interface LocalCloudOptions {
  /** The daemon's state folder, absolute. */
  readonly home: string
  /** The bundled agent, `dist/agent.cjs`. */
  readonly agentPath: string
}

/** After a start. */
const askMs = 1000

const refused = (code: string, message: string) => new CloudError({ kind: "Refused", code, message })

const checkPath = (home: string) => {
  const tooLong = whyTooLong(places(home))
  return tooLong === null ? Effect.void : refused("PathTooLong", `${tooLong}: set SKYD_HOME to a shorter path.`)
}

/** There is one machine, this one. */
const unnamed = { host: null, hostKey: null }

/** 127.0.1.<rank + 1>, carried on to 127.0.2.0 past rank 254. */
const addressOf = (rank: number) => `127.0.${1 + ((rank + 1) >> 8)}.${(rank + 1) & 255}`

/** Where on the node files go, relative to its home; null for what would be a path of the user's own machine. */
const insideHome = (target: string): string | null => {
  const path = normalize(target)
  return isAbsolute(path) || path.split("/").includes("..") ? null : path
}

export const make = Effect.fn("LocalCloud.make")(function* ({ home, agentPath }: LocalCloudOptions): Effect.fn.Return<Cloud, CloudError> {
  yield* checkPath(home)
  const environment = makeEnvironment()
  const machine = yield* attempt(() => openMachine({ base: home, agentPath, environment }))
  yield* attempt((signal) => machine.sweep({}, signal)).pipe(
    Effect.catch((error) => Effect.logWarning(error.message)),
    Effect.forkDetach
  )
  let found: ReturnType<typeof findAccelerators> | undefined
  const accelerators = () => {
    found ??= findAccelerators()
    return found
  }
  // Others are asked, who may take their time: soon, and not while a start waits.
  yield* Effect.sleep(askMs).pipe(Effect.andThen(Effect.promise(() => Promise.all([environment(), accelerators()]))), Effect.forkDetach)

  return {
    name: "local",
    isLastResort: true,
    lackOf: () => null,
    homeOnly: true,
    identity: Effect.succeed(null),
    offers: Effect.fn("LocalCloud.offers")(function* (task) {
      const machine = thisMachine(yield* Effect.promise(accelerators))
      const reason = misfit(machine, task)
      const hint = reason === null ? undefined : elsewhere(task)
      const kinds = machine.accelerators === null ? [] : [machine.accelerators.name]
      return { offers: reason === null ? [machine] : [], reason, lacks: lacks(task), kinds, ...(hint !== undefined && { hint }) }
    }),
    provision: Effect.fn("LocalCloud.provision")(({ tags, token, ranks, offer }) => {
      return attempt(async (signal) => {
        const found = await accelerators()
        // The offer says how many there are, and this machine what they are called.
        const own = offer.accelerators && { ...found, ...offer.accelerators }
        const claim = {
          tags,
          token,
          ranks: ranks.map((rank) => ({ rank, address: addressOf(rank) })),
          offer: { ...offer, accelerators: own }
        }
        const given = await machine.provision(claim, signal)
        return given.map((one) => ({ ...(one as Provisioned), ...unnamed }))
      })
    }),
    query: Effect.fn("LocalCloud.query")((nodes) =>
      attempt(async (signal) => (await machine.query({ nodes }, signal)) as ReadonlyArray<NodeState>)
    ),
    owned: Effect.fn("LocalCloud.owned")((log) =>
      attempt(async (signal) => {
        const { owned, unclear } = await machine.owned({ log }, signal)
        const place = { zone: null, ...unnamed, offer: thisMachine(await accelerators()) }
        return { owned: owned.map((one) => ({ ...(one as Owned), address: addressOf(one.rank), ...place })), unclear }
      })
    ),
    start: Effect.fn("LocalCloud.start")((ref) => attempt((signal) => machine.start(ref, signal))),
    stop: Effect.fn("LocalCloud.stop")((ref) => Effect.asVoid(attempt((signal) => machine.stop(ref, signal)))),
    terminate: Effect.fn("LocalCloud.terminate")((ref) => Effect.asVoid(attempt((signal) => machine.terminate(ref, signal)))),
    installAgent: Effect.fn("LocalCloud.installAgent")((ref) => attempt((signal) => machine.installAgent(ref, signal))),
    connectAgent: Effect.fn("LocalCloud.connectAgent")((ref) =>
      attempt(async (signal) => connect((await machine.agentSocket(ref, signal)).socket, signal))
    ),
    journalAtRest: Effect.fn("LocalCloud.journalAtRest")((ref) =>
      attempt((signal) => machine.journalAtRest(ref, signal)).pipe(Effect.orElseSucceed(() => null))
    ),
    put: Effect.fn("LocalCloud.put")(function* (ref, placed) {
      const { files, folder } = yield* placed
      const place = yield* attempt((signal) => machine.homeFolder(ref, signal))
      const path = insideHome(folder)
      if (path === null) {
        return yield* refused("OutsideHome", `'${folder}' is not below ~: on the local cloud it would be a path of your own machine.`)
      }
      yield* copyFiles(files, place.home, path).pipe(Effect.mapError((error) => refused("NotCopied", error.message)))
    })
  }
})
