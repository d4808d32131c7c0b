/**
 * A limit on what clouds are told to do, and on what they are asked of machines: a call that hangs is given up with a reason, and made
 * again like any other that failed. The limits are generous; they are there so that nobody waits for ever. What is asked before a decision
 * has none here: `whyNot` and `warnings` are answered from what is known, and so are `offers`, but for machines of the user's own and for
 * what `config.yaml` names: those and `machines` wait for looks, which have limits themselves. Who asks for `noQuota` has one.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { cloudDisplay } from "../../task/clouds.ts"
import { type Cloud, CloudError } from "./Cloud.ts"
import { Clouds } from "./Clouds.ts"

/** To make, start, end or furnish a machine; to remove what was made beside it, which may have to be whole first. */
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

/** What may have to be waited for: an effect, or a function of one. */
type Waited = {
  [Member in keyof Cloud]-?: NonNullable<Cloud[Member]> extends AnyEffect | ((...args: never) => AnyEffect) ? Member : never
}[keyof Cloud]
type AnyEffect = Effect.Effect<unknown, unknown>

/** `name`: the cloud's. */
type Limit = (name: string, call: AnyEffect) => AnyEffect

const deed =
  (what: string): Limit =>
  (name, call) =>
    within(name, what, deedMaxMin, call)
const word =
  (what: string): Limit =>
  (name, call) =>
    within(name, what, wordMaxMin, call)

const saidSoon: Limit = (name, identity) =>
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

/** It has one itself, or who asks has. */
const ownLimit: Limit = (_, call) => call

/** Of each member of the port that may hang: one that is new there does not compile without. */
export const limits: Readonly<Record<Waited, Limit>> = {
  clear: deed("clear"),
  connectAgent: word("connect"),
  endsItself: word("endsItself"),
  hasSigns: ownLimit,
  hostKey: word("hostKey"),
  identity: saidSoon,
  identityNow: saidSoon,
  installAgent: deed("install"),
  journalAtRest: (_, call) => Effect.timeoutOrElse(call, { duration: `${wordMaxMin} minutes`, orElse: () => Effect.succeed(null) }),
  login: word("login"),
  machines: ownLimit,
  noQuota: ownLimit,
  offers: ownLimit,
  openPorts: deed("openPorts"),
  openedPorts: word("openedPorts"),
  owned: word("owned"),
  peers: deed("peers"),
  provision: deed("provision"),
  put: (name, call) => within(name, "put", copyMaxMin, call),
  query: word("query"),
  remove: deed("remove"),
  start: deed("start"),
  stop: deed("stop"),
  tagged: word("tagged"),
  terminate: deed("terminate"),
  warnings: ownLimit,
  whyNot: ownLimit
}

type AnyMember = AnyEffect | ((...args: ReadonlyArray<unknown>) => AnyEffect) | undefined

export const patientCloud = (cloud: Cloud): Cloud => {
  const members = cloud as unknown as Readonly<Record<string, AnyMember>>
  const limited = Object.entries(limits).flatMap(([member, limit]) => {
    const call = members[member]
    if (call === undefined) return []
    const patient = Effect.isEffect(call) ? limit(cloud.name, call) : (...args: ReadonlyArray<unknown>) => limit(cloud.name, call(...args))
    return [[member, patient] as const]
  })
  return { ...cloud, ...Object.fromEntries(limited) }
}

/** The clouds that there are, with limits. */
export const patient = Layer.effect(
  Clouds,
  Effect.map(Clouds, (clouds) => new Map([...clouds].map(([name, cloud]) => [name, patientCloud(cloud)])))
)
