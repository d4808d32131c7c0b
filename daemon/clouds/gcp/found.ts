/** Instances as the nodes that they are. */
import { type Found as FoundAs, finder } from "../../rented/found.ts"
import type { Instance } from "./api.ts"
import { type Label, labelOf } from "./names.ts"

export type Found = FoundAs<Instance, Label>
export const { asFound, foundIn } = finder(labelOf)
