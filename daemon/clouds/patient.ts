/**
 * A limit on what clouds are told to do, and on what they are asked of machines: a call that hangs is given up with a reason, and made
 * again like any other that failed. The limits are generous; they are there so that nobody waits for ever. What is asked before a decision
 * has none here: `whyNot` and `warnings` are answered from what is known, and so are `offers`, but for machines of the user's own: those
 * and `machines` wait for looks, which have limits themselves. Who asks for `noQuota` has one.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { cloudDisplay } from "../../task/clouds.ts"
import { type Cloud, CloudError } from "./Cloud.ts"
import { Clouds } from "./Clouds.ts"

/** To make, start, end or furnish a machine. */
const deedMaxMin = 10
/** To say what there is, or to open a connection. */
const wordMaxMin = 1
/** To say whose the credentials are: before that nothing is done, and nothing is believed. */
const identityMaxS = 20
/** To copy a workdir. */
const copyMaxMin = 360

export const within = <A, E>(name: string, what: string, minutes: number, call: Effect.Effect<A, E>): Effect.Effect<A, E | CloudError> =>
  Effect.timeoutOrElse(call, {
    duration: `${minutes} minutes`,
    orElse: () =>
      Effect.fail(
        new CloudError({
          kind: "Transient",
          code: "NoAnswer",
          message: `${name} did not answer '${what}' within ${minutes} minute${minutes === 1 ? "" : "s"}`
        })
      )
  })

const saidSoon = (name: string, identity: Cloud["identity"]): Cloud["identity"] =>
  Effect.timeoutOrElse(identity, {
    duration: `${identityMaxS} seconds`,
    orElse: () =>
      Effect.fail(
        new CloudError({
          kind: "Transient",
          code: "NoAnswer",
          message: `${cloudDisplay(name)} has not said within ${identityMaxS} s whose the credentials are`
        })
      )
  })

export const patientCloud = (cloud: Cloud): Cloud => {
  const { name } = cloud
  const { clear, endsItself, hostKey, identityNow, peers, remove, tagged } = cloud
  return {
    ...cloud,
    ...(peers && { peers: (nodes) => within(name, "peers", deedMaxMin, peers(nodes)) }),
    ...(hostKey && { hostKey: (node) => within(name, "hostKey", wordMaxMin, hostKey(node)) }),
    ...(endsItself && { endsItself: (nodes, down) => within(name, "endsItself", wordMaxMin, endsItself(nodes, down)) }),
    ...(identityNow && { identityNow: saidSoon(name, identityNow) }),
    ...(clear && { clear: (tags, regions) => within(name, "clear", wordMaxMin, clear(tags, regions)) }),
    ...(tagged && { tagged: (log, known) => within(name, "tagged", wordMaxMin, tagged(log, known)) }),
    ...(remove && { remove: (remnant) => within(name, "remove", deedMaxMin, remove(remnant)) }),
    identity: saidSoon(name, cloud.identity),
    provision: (request) => within(name, "provision", deedMaxMin, cloud.provision(request)),
    query: (nodes) => within(name, "query", wordMaxMin, cloud.query(nodes)),
    owned: (log, isHad) => within(name, "owned", wordMaxMin, cloud.owned(log, isHad)),
    start: (node) => within(name, "start", deedMaxMin, cloud.start(node)),
    stop: (node) => within(name, "stop", deedMaxMin, cloud.stop(node)),
    terminate: (node) => within(name, "terminate", deedMaxMin, cloud.terminate(node)),
    installAgent: (node) => within(name, "install", deedMaxMin, cloud.installAgent(node)),
    connectAgent: (node) => within(name, "connect", wordMaxMin, cloud.connectAgent(node)),
    journalAtRest: (node) =>
      Effect.timeoutOrElse(cloud.journalAtRest(node), { duration: `${wordMaxMin} minutes`, orElse: () => Effect.succeed(null) }),
    put: (node, placed, onProgress) => within(name, "put", copyMaxMin, cloud.put(node, placed, onProgress))
  }
}

/** The clouds that there are, with limits. */
export const patient = Layer.effect(
  Clouds,
  Effect.map(Clouds, (clouds) => new Map([...clouds].map(([name, cloud]) => [name, patientCloud(cloud)])))
)
