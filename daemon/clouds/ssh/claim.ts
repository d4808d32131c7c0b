/**
 * Takes machines of a pool for the ranks of a token: all or none, and the same ones however often it is asked. Which they are is read from
 * the machines themselves, where each lease says whose it is. A machine that may have one and is not reached is waited for: else it would
 * be had twice. One that cannot be had keeps nobody from the next.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { nodeOf } from "../../../events/ids.ts"
import { plain } from "../../over-ssh/agents.ts"
import { refused } from "../../over-ssh/errors.ts"
import { addressFor } from "../../remote/addresses.ts"
import { askedTokens } from "../asked-tokens.ts"
import type { CloudError, NodeRef, Provisioned } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { How } from "./looks.ts"
import { isPassed, notGiven, notReady, type Outcome, ofHeld, type Passed } from "./outcome.ts"
import type { PoolMachines } from "./PoolMachines.ts"
import { machinesOf } from "./pools.ts"
import { chooseSeats, type Seat } from "./seats.ts"
import type { StateFolder } from "./state-folder.ts"

interface ClaimOptions {
  readonly machines: PoolMachines
  readonly folder: Pick<StateFolder, "take" | "letGo">
}

const atOnce = 32

export const makeClaims = ({ folder, machines }: ClaimOptions) => {
  /** `asked`: the machines that were asked under it, by host. */
  const askedFor = askedTokens((isInherited) => ({ asked: new Set<string>(), isInherited }))

  const ask = Effect.fn("claim.ask")(function* (request: ProvisionRequest, { machine, rank }: Seat) {
    const { offer, tags, token } = request
    const { ground, hostKey, target } = machine.reached
    const { accelerators, cpus, home, memoryGib } = ground
    const node = nodeOf(token, rank)
    const nowMs = yield* Clock.currentTimeMillis
    if (!machines.holds.begin(ground, { node, clusterName: tags.clusterName }, nowMs))
      return yield* refused("Taken", "another cluster has it as another user")
    askedFor(request).asked.add(machine.host)
    const stateFolder = yield* folder.take(machine, node)
    const [made] = yield* machines.askOn(machine, hostKey, "provision", {
      tags,
      token,
      ranks: [{ rank, address: addressFor(ground, target.host) ?? target.host }],
      offer: { cloud: "ssh", region: offer.region, zone: null, cpus, memoryGib, accelerators },
      home,
      machine: ground.machine,
      survivesReboot: true,
      exclusive: true,
      stateFolder
    })
    return { rank, node, address: made!.address, host: machine.host, hostKey } satisfies Provisioned
  })

  const tryOne = Effect.fn("claim.tryOne")(function* (request: ProvisionRequest, seat: Seat) {
    const { isHeld, machine, rank } = seat
    machines.forget(machine)
    const outcome: Outcome = yield* machines.prepare(machine, machine.reached).pipe(
      Effect.matchEffect({
        onSuccess: () => Effect.match(ask(request, seat), { onSuccess: (node) => ({ is: "had", node }) as const, onFailure: notGiven }),
        onFailure: (error) => Effect.succeed(notReady(error))
      })
    )
    if (isHeld) return ofHeld(machine.host, outcome)
    if (isPassed(outcome)) {
      machines.holds.end(nodeOf(request.token, rank))
      yield* folder.letGo(machine, nodeOf(request.token, rank))
    }
    return outcome
  })

  const giveBack = Effect.fn("claim.giveBack")(function* ({ offer, tags, token }: ProvisionRequest, { machine, rank }: Seat) {
    const { host, reached } = machine
    const place = { region: offer.region, zone: null, address: null, host, hostKey: reached.hostKey }
    const ref: NodeRef = { tags, rank, node: nodeOf(token, rank), ...place }
    yield* machines.ask(ref, "terminate", plain(ref))
    yield* machines.unpin(ref)
    yield* folder.letGo(machine, ref.node)
  })

  /** Nothing of the ranks is kept: those that were had before as well. */
  const refuse = Effect.fn("claim.refuse")(function* (request: ProvisionRequest, held: ReadonlyArray<Seat>, error: CloudError) {
    yield* Effect.forEach(held, (seat) => giveBack(request, seat), { concurrency: atOnce, discard: true })
    return yield* error
  })

  return Effect.fn("claim")(function* (request: ProvisionRequest): Effect.fn.Return<ReadonlyArray<Provisioned>, CloudError> {
    const { offer, token } = request
    const pool = machinesOf(yield* machines.known, offer.region)
    const passed = new Map<string, Passed>()
    // Who did not answer the offer's look is not waited for again, unless it matters.
    for (let how: How = "reached now"; ; ) {
      const looked = yield* machines.lookAll(pool, how, token)
      const choice = chooseSeats(request, looked, { ...askedFor(request), passed })
      if (choice.is !== "chosen" && how !== "now") {
        how = "now"
        continue
      }
      if (choice.is === "waits") return yield* choice.error
      if (choice.is === "refused") return yield* refuse(request, choice.held, choice.error)
      const outcomes = yield* Effect.forEach(choice.seats, (seat) => tryOne(request, seat), { concurrency: atOnce })
      // What is not known to be had or not is asked again: nothing is given back before.
      const unclear = outcomes.find(({ is }) => is === "unclear")
      if (unclear !== undefined && "error" in unclear) return yield* unclear.error
      const over = outcomes.find(({ is }) => is === "over")
      if (over !== undefined && "error" in over) {
        const had = choice.seats.filter((_, i) => outcomes[i]!.is === "had")
        return yield* refuse(request, had, over.error)
      }
      const nodes = outcomes.flatMap((outcome) => (outcome.is === "had" ? [outcome.node] : []))
      if (nodes.length === outcomes.length) return nodes.sort((a, b) => a.rank - b.rank)
      for (const [i, outcome] of outcomes.entries()) if (isPassed(outcome)) passed.set(choice.seats[i]!.machine.host, outcome)
    }
  })
}
