/** What no machine is, in no place and however it is paid for: no other time helps. Pure. */
import type { Need } from "../../task/Need.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { optimize } from "./optimize.ts"

/** By these lists. What it is to start from is not looked at. */
export const isNeverHad = ({ accelerators, cpus, instance_type, memory }: Need, catalogs: ReadonlyArray<Catalog>): boolean => {
  const what: Need = {
    ...(accelerators && { accelerators }),
    ...(cpus !== undefined && { cpus }),
    ...(memory !== undefined && { memory }),
    ...(instance_type !== undefined && { instance_type })
  }
  const kinds = [what, { ...what, use_spot: true }]
  return optimize({ needs: { kind: "any", items: kinds }, numNodes: 1 }, catalogs).ranked.length === 0
}
