/** Which of some machines are free and have what is wanted, and why each of the others is not one of them. Pure. */
import type { Hardware } from "../../../task/fit-machine.ts"
import { noAddress } from "../../over-ssh/agents.ts"
import { addressFor } from "../../remote/addresses.ts"
import { type FoundMachine, isFound, type Looked, whyTaken } from "./Looked.ts"

/** In the order of the file, which is the user's. */
export const fitting = (machines: ReadonlyArray<Looked>, isGang: boolean, less: (hardware: Hardware) => string | null) => {
  const lack = ({ reached: { ground, target } }: FoundMachine) =>
    less(ground) ?? (isGang && addressFor(ground, target.host) === null ? noAddress : null)
  const fit: Array<FoundMachine> = []
  const reasons: Array<readonly [string, string]> = []
  const firsts = new Map<string, string>()
  /** The same one, where it is named as two users' or by two names. */
  const whySame = ({ host, reached }: Looked): string | null => {
    const kernel = reached?.ground.kernel ?? null
    const first = kernel === null ? undefined : firsts.get(kernel)
    if (kernel !== null && first === undefined) firsts.set(kernel, host)
    return first === undefined ? null : `it is the same machine as ${first}`
  }
  for (const machine of machines) {
    const taken = whyTaken(machine) ?? whySame(machine)
    const why = taken ?? (isFound(machine) ? lack(machine) : null)
    const trouble = isFound(machine) && machine.reached.ground.trouble
    if (why === null) fit.push(machine as FoundMachine)
    else reasons.push([machine.host, taken === null ? `it has ${why}${trouble ? `, and ${trouble}` : ""}` : why])
  }
  return { fit, reasons }
}
