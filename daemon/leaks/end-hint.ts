/** How machines that cannot be adopted are ended, as a hint whose words can be typed as they are. Pure. */
import type { Cloud, Owned } from "../clouds/Cloud.ts"

export const idOf = ({ host, node }: Owned): string => host ?? node

interface Whose {
  readonly endByHand?: Cloud["endByHand"] | undefined
  readonly isOurs: boolean
}

/** What another log has made is not ended from here, and what cannot be adopted never will be. */
export const endHint = (what: string, { endByHand, isOurs }: Whose, machines: ReadonlyArray<Owned>): string => {
  if (isOurs) return `${what}: sky leaks --terminate ${machines.map(idOf).join(" ")}`
  return endByHand === undefined
    ? `${what} with the daemon that has made it`
    : `${what} at its cloud, for another log has made it: ${endByHand(machines)}`
}
