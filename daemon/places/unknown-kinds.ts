/** What nobody has: accelerators by names, counts or sizes, that neither the lists of all clouds nor the user's own machines know. Pure. */
import type { RecordedTask } from "../../events/values.ts"
import { isSpelled } from "../../task/accelerators.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import type { Offered } from "../clouds/Offered.ts"
import { countsIn, meantIn } from "../optimizer/hints.ts"
import { isNeverHad } from "../optimizer/never-had.ts"

type Said = Pick<Offered, "busy" | "hint" | "isMistaken" | "kinds">

/** What may be meant instead. Undefined where one of the wishes may be met some day, by as much as is known. */
export const hintForUnknown = (
  { resources }: RecordedTask,
  { busy = false, hint, isMistaken = false, kinds = [] }: Said,
  catalogs: () => ReadonlyArray<Catalog>
): string | undefined => {
  const { items } = alternativesOf(resources)
  const names = items.flatMap(({ accelerators }) => Object.keys(accelerators ?? {}))
  if (busy || kinds === null || names.length === 0 || items.some(({ accelerators }) => accelerators === undefined)) return undefined
  const known = [...new Set([...kinds, ...countsIn(catalogs()).keys()])]
  const isKnown = (name: string) => isSpelled(name) || known.some((one) => one.toLowerCase().includes(name.toLowerCase()))
  const [unknown, ...more] = names.filter((name) => !isKnown(name))
  // What is known beside it is not to be had as it was asked for.
  if (unknown === undefined || (more.length + 1 < names.length && !isMistaken)) return undefined
  const others = more.length + 1 < names.length && hint !== undefined ? `${hint}. ` : ""
  return `${others}${meantIn(unknown, known)}`
}

/** Whether no machine is any of it, wherever and however it is paid for: neither another time nor another account is of any help. */
export const isForNobody = (
  { resources }: RecordedTask,
  { busy = false, kinds = [] }: Said,
  catalogs: () => ReadonlyArray<Catalog>
): boolean => {
  if (busy || kinds === null) return false
  const lists = catalogs()
  const mayBeOwn = (name: string) => kinds.some((kind) => kind.toLowerCase().includes(name.toLowerCase()))
  return alternativesOf(resources).items.every(
    (need) =>
      lists.some(({ cloud }) => need.cloud === undefined || need.cloud === cloud) &&
      !Object.keys(need.accelerators ?? {}).some(mayBeOwn) &&
      isNeverHad(need, lists)
  )
}
