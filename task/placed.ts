/** Of several requests, the one that a place meets, and what follows from it. Pure. */
import type { Accelerators } from "./accelerators.ts"
import { alternativesOf, together } from "./alternatives.ts"
import { leastOf } from "./amounts.ts"
import { type AutostopWish, armedMinutes } from "./autostop.ts"
import { lessDemandingThan } from "./fit.ts"
import type { Need } from "./Need.ts"
import { present } from "./present.ts"
import type { Resources } from "./Resources.ts"

/** What was offered and taken, as facts and answers have it. */
interface Place {
  readonly cloud: string
  readonly region: string | null
  readonly zone: string | null
  readonly instanceType: string | null
  readonly cpus: number
  readonly memoryGib: number
  readonly accelerators: Accelerators | null
  readonly useSpot: boolean
}

export const needOfPlace = ({ accelerators, cloud, instanceType, region, useSpot, zone }: Place): Need =>
  present<Need>({
    cloud,
    region,
    zone,
    instance_type: instanceType,
    accelerators: accelerators && { [accelerators.name]: accelerators.count },
    use_spot: useSpot || null
  })

/** Names of accelerators in small letters: a machine's own spelling is as good as the task's. */
const small = (accelerators: Need["accelerators"]) =>
  accelerators && Object.fromEntries(Object.entries(accelerators).map(([name, count]) => [name.toLowerCase(), count]))

/** As far as an offer tells: disks, images and ports are not compared. */
const comparable = ({ accelerators, cloud, instance_type, region, use_spot, zone }: Need): Need =>
  present<Need>({ cloud, region, zone, instance_type, accelerators: small(accelerators), use_spot })

/** Whether a place can ever give what is asked. cpus and memory do not count (SkyPilot's `less_demanding_than`). */
export const fitsPlace = (need: Need, place: Place | null): boolean =>
  lessDemandingThan(comparable(need), place === null ? {} : comparable(needOfPlace(place)))

/** Whether a place that one wish comes to may meet another: what the wish leaves open may come to be anything. */
export const mayFit = (need: Need, wish: Need): boolean => {
  const { cloud, instance_type, region, zone } = comparable(need)
  return lessDemandingThan(comparable(need), { ...present<Need>({ cloud, instance_type, region, zone }), ...comparable(wish) })
}

const hasAmounts = ({ cpus, memory }: Need, place: Place) =>
  (cpus === undefined || place.cpus >= leastOf(cpus, place.cpus)) &&
  (memory === undefined || place.memoryGib >= leastOf(memory, place.cpus))

/** The first that the place meets in all; where it was not asked for its cpus and memory, the first that fits. */
export const placedNeed = (resources: Resources | null | undefined, place: Place | null): Need => {
  const { items } = alternativesOf(resources)
  const fitting = items.filter((need) => fitsPlace(need, place))
  return fitting.find((need) => place !== null && hasAmounts(need, place)) ?? fitting[0] ?? items[0] ?? {}
}

/** What is asked of a cluster that is there, by its place: an image need not say where it is. */
export const atPlace = (resources: Resources | null | undefined, { cloud, instanceType, region }: Place): Resources | null | undefined => {
  const { items, kind } = alternativesOf(resources)
  const isOpen = (need: Need) =>
    need.image_id !== undefined &&
    (need.region ?? need.zone) === undefined &&
    (need.cloud ?? cloud) === cloud &&
    (need.instance_type ?? instanceType) === instanceType
  if (!items.some(isOpen)) return resources
  return together({ kind, items: items.map((need) => (isOpen(need) ? present<Need>({ ...need, cloud, region }) : need)) })
}

/** What a launch says of autostop goes before what its task says for the place, field by field: `--down` keeps the task's minutes. */
export const launchAutostop = (
  { down, idleMinutesToAutostop }: AutostopWish,
  resources: Resources | null | undefined,
  place: Place | null
): { readonly idleMinutes: number | null; readonly down: boolean } => {
  const own = placedNeed(resources, place).autostop
  const goes = (down ?? false) || (own?.down ?? false)
  return { idleMinutes: armedMinutes({ idleMinutesToAutostop: idleMinutesToAutostop ?? own?.idle_minutes, down: goes }), down: goes }
}
