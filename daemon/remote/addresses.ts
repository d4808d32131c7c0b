/** By which of its addresses others reach a machine that we have reached in our own way: through a tunnel or a jump, maybe. */
import type { Ground } from "./ground.ts"

/** Means another machine, or nothing, to everybody else. */
export const isOnlyHere = (address: string) => /^(127\.|::1$|fe80:)|(^|\.)localhost$|^ip6-l/i.test(address)

/** Of those that a machine says are its own, its default route's first. Link-local ones need the right interface as well. */
export const othersIn = (said: ReadonlyArray<string>): ReadonlyArray<string> =>
  said.filter((one) => !isOnlyHere(one) && !one.startsWith("169.254."))

/** The one that we came in by, where that is any for others. Null: there is none. `host`: what we connect to. */
export const addressFor = ({ address, otherAddresses }: Pick<Ground, "address" | "otherAddresses">, host: string): string | null =>
  [address ?? host, ...otherAddresses].find((one) => !isOnlyHere(one)) ?? null
