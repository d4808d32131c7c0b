/** Accelerators by names that nobody has: neither the lists of all clouds nor the user's own machines. Pure. */
import type { RecordedTask } from "../../events/values.ts"
import { isSpelled } from "../../task/accelerators.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import type { Offered } from "../clouds/Offered.ts"
import { countsIn, meantIn } from "../optimizer/hints.ts"

/** What may be meant instead. Undefined where one of the wishes may be met some day, by as much as is known. */
export const hintForUnknown = (
  { resources }: RecordedTask,
  { busy = false, kinds = [] }: Pick<Offered, "busy" | "kinds">,
  catalogs: () => ReadonlyArray<Catalog>
): string | undefined => {
  const { items } = alternativesOf(resources)
  const names = items.flatMap(({ accelerators }) => Object.keys(accelerators ?? {}))
  if (busy || kinds === null || names.length === 0 || items.some(({ accelerators }) => accelerators === undefined)) return undefined
  const known = [...new Set([...kinds, ...countsIn(catalogs()).keys()])]
  const isKnown = (name: string) => isSpelled(name) || known.some((one) => one.toLowerCase().includes(name.toLowerCase()))
  return names.some(isKnown) ? undefined : meantIn(names[0]!, known)
}
