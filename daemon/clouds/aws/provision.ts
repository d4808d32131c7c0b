/**
 * Machines for the ranks of a token: all of them, or a refusal, and the same ones however often they are asked for. Every call may end
 * without an answer, and the daemon between any two of them; so what may have been made is never given up on a mere error, but on EC2's own
 * word that it holds nothing. What is left of a gang that fell short is named, for whoever asked to record it and to end it.
 */
import type { Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import { type NodeToken, nodeOf } from "../../../events/ids.ts"
import { again } from "../../rented/again.ts"
import { later, passingBy, unseen } from "../../rented/errors.ts"
import { listsEveryMs } from "../../rented/lists.ts"
import { runAsOfNow } from "../../rented/run-as-of-now.ts"
import { asAnswered } from "../../rented/second-calls.ts"
import { steadyMs } from "../../steady-ms.ts"
import { askedTokens } from "../asked-tokens.ts"
import { CloudError, type Provisioned } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { Aws } from "./client.ts"
import { isGone, isThrottled, provesNothingHeld, refusedBy } from "./errors.ts"
import type { Instances } from "./Instances.ts"
import type { launchInput } from "./launch-input.ts"
import { addressOf, endedFirst, failureOf, hasEnded, phaseOf } from "./states.ts"
import { labelOf } from "./tags.ts"

type Input = Exclude<ReturnType<typeof launchInput>, CloudError>

interface ProvisionOptions {
  readonly aws: Aws
  readonly instances: Instances
  /** Whether it may have been carried out: not while EC2 has only answered that it was not. */
  readonly maySent: (request: ProvisionRequest, may: boolean) => void
  /** All that RunInstances is told; asked of EC2 before, and of files. */
  readonly inputOf: (request: ProvisionRequest) => Effect.Effect<Input, CloudError>
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
  /** The key that a machine of this token shows, `ssh-ed25519 AAAA…`. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
  /** A group that was there is gone. */
  readonly forgetGroups: () => void
  /** So is an image or a network. */
  readonly forget: Effect.Effect<void>
}

/** What was made and is not listed yet is listed soon. */
const unlistedMaxMs = 60_000

interface Asked {
  /** An answer is missing: it may have been carried out. */
  isUnsure: boolean
  /** Since when nothing was found of it although EC2 knows the token. */
  unlistedSinceMs: number | null
  /** What EC2 has named. */
  ids: ReadonlyArray<string>
}

/** EC2's own word that it did nothing: it wants it slower, or a group is not there. */
const didNothing = (code: string) => isThrottled(code) || code === "InvalidGroup.NotFound"

export const makeProvision = ({ aws, forget, forgetGroups, hostKeyOf, inputOf, instances, maySent, settings }: ProvisionOptions) => {
  const askedFor = askedTokens<Asked>((isInherited) => ({ isUnsure: isInherited, unlistedSinceMs: null, ids: [] }))

  /** `sends`: before each try, and once it is known that it did nothing; who ends its cluster may come in between. */
  const run = (region: string, input: Input, sends: (may: boolean) => void): Effect.Effect<ReadonlyArray<Instance>, CloudError> =>
    Effect.suspend(() => {
      sends(true)
      return aws.once(region, "RunInstances", (ec2, options) => ec2.runInstances(input, options))
    }).pipe(
      Effect.flatMap(({ Instances = [] }) =>
        Instances.filter(({ InstanceId }) => InstanceId).length === input.MinCount
          ? Effect.succeed(Instances)
          : Effect.fail(passingBy("NotAllTold", `AWS named ${Instances.length} of ${input.MinCount} machines (RunInstances in ${region})`))
      ),
      Effect.tapError(({ code }) => Effect.sync(() => didNothing(code) && sends(false))),
      // EC2 wants it slower: a throttled call did nothing.
      (call) => again(call, ({ code }) => isThrottled(code))
    )

  /** Known by its name, it is there; else nobody knows. */
  const unseenOf = (wish: ProvisionRequest) => {
    const { ids } = askedFor(wish)
    return unseen(ids.length === 0 ? "what AWS was asked for may be there" : `${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} there`)
  }
  const ofToken = (region: string, wish: ProvisionRequest) =>
    Effect.mapError(instances.ofTokens(region, [wish.token]), (error) => unseenOf(wish)(error))

  /** EC2 knows the token, and says no more of it: what there is of it is looked for, until it is sure that there is nothing. */
  const settle = Effect.fn("Provision.settle")(function* (region: string, wish: ProvisionRequest, error: CloudError) {
    const found = yield* ofToken(region, wish)
    const failed = endedFirst(found)
    if (found.some((one) => phaseOf(one) !== "gone")) return found
    if (failed !== undefined) return yield* failureOf(failed)
    if (error.code === "IdempotentInstanceTerminated") return yield* refusedBy(error.code, error.message)
    const state = askedFor(wish)
    const nowMs = yield* steadyMs
    state.unlistedSinceMs ??= nowMs
    if (nowMs - state.unlistedSinceMs >= unlistedMaxMs)
      return yield* new CloudError({ kind: "Refused", code: error.code, message: error.message, scope: "zone" })
    return yield* passingBy("NotListedYet", `what became of the request is not known yet: ${error.message}`)
  })

  const runOfNow = (wish: ProvisionRequest, region: string, sends: (may: boolean) => void) =>
    runAsOfNow({
      run: (input: Input) => run(region, input, sends),
      inputNow: inputOf(wish),
      namesOf: ({ ImageId, NetworkInterfaces }) => [ImageId, ...(NetworkInterfaces ?? []).map(({ SubnetId }) => SubnetId)],
      isGone,
      forget
    })

  const request = Effect.fn("Provision.request")(function* (wish: ProvisionRequest, region: string) {
    const state = askedFor(wish)
    const wasUnsure = state.isUnsure
    const input = yield* Effect.mapError(inputOf(wish), asAnswered(wasUnsure))
    // What an earlier try may have made, no answer to this one says.
    const sends = (may: boolean) => {
      state.isUnsure = may || wasUnsure
      maySent(wish, state.isUnsure)
    }
    const made = yield* runOfNow(
      wish,
      region,
      sends
    )(input).pipe(
      Effect.tapError(({ code }) => Effect.sync(() => code === "InvalidGroup.NotFound" && forgetGroups())),
      Effect.mapError(asAnswered(wasUnsure, (code) => provesNothingHeld(code) || code.startsWith("Idempotent"))),
      // What became of a token that EC2 knows is final, whatever it is.
      Effect.catchIf(
        ({ code }) => code === "IdempotentParameterMismatch" || code === "IdempotentInstanceTerminated",
        (error) => settle(region, wish, error)
      )
    )
    state.unlistedSinceMs = null
    return made
  })

  const provisioned = Effect.fn("Provision.provisioned")(function* ({ ranks, token }: ProvisionRequest, those: ReadonlyArray<Instance>) {
    const hostKey = yield* hostKeyOf(token)
    const { useInternalIps } = yield* Effect.mapError(settings, later)
    return those
      .map((instance): Provisioned => {
        const { rank } = labelOf(instance) ?? { rank: ranks[instance.AmiLaunchIndex ?? 0]! }
        return { rank, node: nodeOf(token, rank), address: addressOf(instance, useInternalIps) ?? "", host: instance.InstanceId!, hostKey }
      })
      .sort((a, b) => a.rank - b.rank)
  })

  /** Until all of them run. When one ends before, nobody waits for the others: they are what is left. */
  const whenRunning = Effect.fn("Provision.whenRunning")(function* (wish: ProvisionRequest, region: string, made: ReadonlyArray<Instance>) {
    const { useInternalIps } = yield* Effect.mapError(settings, later)
    askedFor(wish).ids = made.flatMap(({ InstanceId }) => InstanceId ?? [])
    const blind = unseenOf(wish)
    for (let now = made; ; ) {
      const there = now.filter((one) => phaseOf(one) !== "gone")
      const failed = endedFirst(now)
      if (there.every((one) => hasEnded(one) || addressOf(one, useInternalIps) !== null)) {
        if (failed !== undefined) {
          const left = yield* provisioned(
            wish,
            there.filter((one) => one !== failed)
          )
          // One that was stopped is there, and no node of what never came up.
          const InstanceIds = [failed.InstanceId!]
          if (phaseOf(failed) !== "gone")
            yield* Effect.mapError(
              aws.ask(region, "TerminateInstances", (ec2, asked) => ec2.terminateInstances({ InstanceIds }, asked)),
              later
            )
          return yield* failureOf(failed, left)
        }
        if (now.every((one) => phaseOf(one) === "running")) return yield* provisioned(wish, now)
      }
      yield* Effect.sleep(listsEveryMs)
      const listed = yield* Effect.mapError(instances.ofLog(region, wish.tags.log), blind)
      const lost = now.flatMap(({ InstanceId }) => (listed.some((one) => one.InstanceId === InstanceId) ? [] : [InstanceId!]))
      const all = [...listed, ...(yield* Effect.mapError(instances.ofIds(region, lost), blind))]
      now = now.map((one) => all.find(({ InstanceId }) => InstanceId === one.InstanceId) ?? one)
    }
  })

  return Effect.fn("Provision")(function* (wish: ProvisionRequest): Effect.fn.Return<ReadonlyArray<Provisioned>, CloudError> {
    const { ranks, token } = wish
    const region = wish.offer.region!
    const found = askedFor(wish).isUnsure ? yield* ofToken(region, wish) : []
    const own = found.flatMap((instance) => {
      const label = labelOf(instance)
      return label !== null && label.token === token && phaseOf(instance) !== "gone" ? [{ instance, label }] : []
    })
    // What is listed of this very request may be a part of it: that is asked for as a whole. Under other ranks it was another one.
    const others = own.filter(({ label }) => label.ranks.join() !== ranks.join())
    const missing = ranks.filter((rank) => !others.some(({ label }) => label.rank === rank))
    const isWhole = missing.every((rank) => own.some(({ label }) => label.rank === rank))
    const rest = isWhole
      ? own.filter(({ label }) => missing.includes(label.rank)).map(({ instance }) => instance)
      : yield* request({ ...wish, ranks: missing }, region)
    const all = [...others.filter(({ label }) => ranks.includes(label.rank)).map(({ instance }) => instance), ...rest]
    return yield* whenRunning(wish, region, all)
  })
}
