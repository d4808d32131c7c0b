/**
 * The group of a state folder is made in a region before a machine is asked for there. Where that gave none it goes again, once nothing
 * more is asked there: EC2 itself refuses to delete what a machine has.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { inTurn } from "../../in-turn.ts"
import type { Cloud, CloudError } from "../Cloud.ts"

/** A search asks one zone of a region after another. */
const restMs = 10_000
/** What failed in passing is asked for again, with the same group: that is of one token. */
const triedAgainMs = 120_000

interface Region {
  groups: ReadonlyArray<string>
  /** Requests that are under way, and those that there ever were. */
  asking: number
  asked: number
}

export const makeGround = (remove: (region: string, groupId: string) => Effect.Effect<void, CloudError>) => {
  const regions = new Map<string, Region>()
  const at = (region: string): Region => {
    const known = regions.get(region) ?? { groups: [], asking: 0, asked: 0 }
    regions.set(region, known)
    return known
  }
  const turn = inTurn<string>()

  /** Another request may need it by now. */
  const removal = (region: string, here: Region, asked: number) =>
    Effect.suspend(() => {
      if (here.asking > 0 || here.asked !== asked) return Effect.void
      const { groups } = here
      here.groups = []
      return Effect.forEach(groups, (group) => Effect.ignore(remove(region, group)), { discard: true })
    })
  const leave = (region: string, here: Region, afterMs: number) =>
    Effect.suspend(() => Effect.forkDetach(Effect.delay(turn(region, removal(region, here, here.asked)), afterMs)))

  return {
    /** It is there, and may be of no use. */
    laid: (region: string, group: string) =>
      Effect.sync(() => {
        const here = at(region)
        here.groups = [...here.groups.filter((one) => one !== group), group]
      }),
    given:
      (provision: Cloud["provision"]): Cloud["provision"] =>
      (request) =>
        Effect.suspend(() => {
          const region = request.offer.region!
          const here = at(region)
          here.asking++
          here.asked++
          return Effect.andThen(turn(region, Effect.void), provision(request)).pipe(
            Effect.ensuring(Effect.sync(() => here.asking--)),
            Effect.onExit((exit) => {
              if (Exit.isSuccess(exit)) return Effect.void
              const error = Option.getOrUndefined(Exit.findErrorOption(exit))
              return leave(region, here, error?.kind === "Transient" ? triedAgainMs : restMs)
            })
          )
        })
  }
}
