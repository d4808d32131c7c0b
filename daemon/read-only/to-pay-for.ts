/** What there is to pay for, by the clouds' own word: their tags tell whose it is when the log cannot. */
import * as Effect from "effect/Effect"
import { ClusterDoesNotExist, RuntimeError } from "../../sdk/protocol/errors.ts"
import { inner } from "../../task/sentence.ts"
import type { Cloud, Owned } from "../clouds/Cloud.ts"
import type { Clouds } from "../clouds/Clouds.ts"
import type { IsHad } from "../clouds/OwnMachine.ts"
import type { Ended } from "./Unlogged.ts"

export interface Machine extends Owned {
  readonly cloud: Cloud
}

export interface Machines {
  readonly found: ReadonlyArray<Machine>
  readonly silent: ReadonlyArray<string>
}

interface MachinesOptions {
  /** What was found before: of a cloud that does not answer it is there still. */
  readonly before?: ReadonlyArray<Machine>
  readonly isHad?: IsHad
  /** Whether anything may be in a cloud that cannot be used; where nothing is, it is not asked. */
  readonly mayHave?: (cloud: string) => boolean
}

/** Of all clouds. One that does not answer, and what one cannot tell, is named in `silent`. */
export const machines = (
  clouds: Clouds["Service"],
  log: string | null,
  { before = [], isHad, mayHave = () => true }: MachinesOptions = {}
) =>
  Effect.forEach(
    [...clouds.values()],
    (cloud) =>
      Effect.flatMap(mayHave(cloud.name) ? Effect.succeed(null) : (cloud.whyNot ?? Effect.succeed(null)), (why) =>
        why === null ? cloud.owned(log, isHad) : Effect.succeed({ owned: [], unclear: [] })
      ).pipe(
        Effect.map(({ owned, unclear }) => ({ found: owned.map((one: Owned): Machine => ({ ...one, cloud })), unclear })),
        Effect.catch(({ message }) => Effect.succeed({ found: before.filter((one) => one.cloud === cloud), unclear: [message] })),
        Effect.map(({ found, unclear }) => ({ found, silent: unclear.map((what) => `${cloud.name}: ${what}`) }))
      ),
    { concurrency: "unbounded" }
  ).pipe(
    Effect.map((answers) => ({
      found: answers.flatMap(({ found }) => found),
      silent: answers.flatMap(({ silent }) => silent)
    }))
  )

/** Of each of these logs; of any where none is known. */
export const machinesOf = (clouds: Clouds["Service"], logs: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(logs.length === 0 ? [null] : logs, (log) => machines(clouds, log), { concurrency: "unbounded" }),
    (all): Machines => ({
      found: all.flatMap(({ found }) => found),
      silent: [...new Set(all.flatMap(({ silent }) => silent))]
    })
  )

/** "Not known of AWS: it did not answer.", or nothing. */
export const unknownOf = (silent: ReadonlyArray<string>) => (silent.length === 0 ? "" : ` Not known of ${silent.map(inner).join("; ")}.`)

/** "train (local: a-0, a-1); eval (AWS us-east-1: i-1)", or that there is nothing. */
export const inWords = ({ found, silent }: Machines): string => {
  const clusters = Map.groupBy(
    found,
    ({ cloud, region, tags }) => `${tags.clusterName} (${cloud.name}${region === null ? "" : ` ${region}`}`
  )
  const said = [...clusters].map(
    ([key, nodes]) => `${key}: ${nodes.map(({ node, state }) => (state === "stopped" ? `${node}, stopped` : node)).join(", ")})`
  )
  return (said.length === 0 ? "No machine carries its tags." : `There is still: ${said.join("; ")}.`) + unknownOf(silent)
}

export const endNamed = Effect.fn("endNamed")(function* (all: Machines, clusterName: string) {
  const own = all.found.filter(({ tags }) => tags.clusterName === clusterName)
  if (own.length === 0 && all.silent.length > 0) {
    return yield* new RuntimeError({
      message: `No machine was found that carries the tags of a cluster '${clusterName}', and there may be some.${unknownOf(all.silent)}`,
      hint: inWords({ ...all, silent: [] })
    })
  }
  if (own.length === 0) {
    return yield* new ClusterDoesNotExist({
      cluster: clusterName,
      message: `No machine carries the tags of a cluster '${clusterName}'.`,
      hint: all.found.length === 0 ? null : inWords(all)
    })
  }
  if (new Set(own.map(({ tags }) => tags.log)).size > 1) {
    return yield* new RuntimeError({
      message: `It cannot be told which '${clusterName}' is meant: machines of that name carry the tags of several logs.`,
      hint: "End them by hand."
    })
  }
  const ended = yield* Effect.forEach(
    own,
    (machine) =>
      Effect.match(machine.cloud.terminate(machine), { onSuccess: () => null, onFailure: ({ message }) => `${machine.node}: ${message}` }),
    { concurrency: 8 }
  )
  const left = ended.filter((failure) => failure !== null)
  if (left.length > 0) {
    return yield* new RuntimeError({ message: `Not all of ${clusterName} could be ended: ${left.join("; ")}.`, hint: "Try it again." })
  }
  return { cluster: clusterName, nodes: own.map(({ node }) => node as string) } satisfies Ended
})

export const endByTags = (clouds: Clouds["Service"], logs: ReadonlyArray<string>, clusterName: string) =>
  Effect.flatMap(machinesOf(clouds, logs), (all) => endNamed(all, clusterName))
