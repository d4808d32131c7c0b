/** What a launch asks of autostop in a place: what it says itself, else what its task says for that place. Pure. */
import type { LaunchRequested } from "../../events/launch.ts"
import type { Offer, RecordedTask } from "../../events/values.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import type { AutostopWish } from "../../task/autostop.ts"
import { launchAutostop } from "../../task/placed.ts"

/** Recorded where places differ in it: elsewhere what holds of the first place holds of all. */
export const saidOf = ({ down, idleMinutesToAutostop }: AutostopWish, { resources }: RecordedTask) => {
  const settings = new Set(alternativesOf(resources).items.map(({ autostop }) => JSON.stringify(autostop)))
  return settings.size > 1 ? { autostop: { idleMinutes: idleMinutesToAutostop ?? null, down: down ?? null } } : {}
}

export const autostopAt = ({ autostop, down, idleMinutes, task }: typeof LaunchRequested.Type, place: Offer | null) =>
  autostop === undefined
    ? { down, idleMinutes }
    : launchAutostop({ down: autostop.down, idleMinutesToAutostop: autostop.idleMinutes }, task.resources, place)
