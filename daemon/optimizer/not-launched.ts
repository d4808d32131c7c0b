/** What a list has and this version does not launch: Google makes TPUs by an API of its own. Pure. */
import { isTpu } from "../../task/accelerators.ts"
import type { Need } from "../../task/Need.ts"

/** Why it is not, as a sentence without its full stop. */
export const notLaunched = ({ accelerators }: Need): string | undefined => {
  const tpu = Object.keys(accelerators ?? {}).find(isTpu)
  return tpu === undefined ? undefined : `TPUs (${tpu}) are listed, and not launched by this version; GPUs are`
}
