/**
 * Whose word on the login holds: what the pools file says of a host comes first, then what ~/.ssh/config says of that very host, then what
 * the pools file says of all of the pool. What the configuration says of every host is its default, and comes last.
 */
import type { Overrides } from "../../remote/resolve.ts"
import type { Target } from "../../remote/Target.ts"
import type { PoolMachine } from "./PoolMachine.ts"
import type { Resolve } from "./targets.ts"

/** No `Host` means it but those that mean all. */
export const anyHost = "no-such-host.invalid"

const isSame = (one: Target, other: Target, field: "user" | "identityFiles") => String(one[field]) === String(other[field])

interface OwnLogin {
  readonly login: Overrides
  /** ~/.ssh/config has its say. */
  readonly isByConfig: boolean
}

export const ownLogin = async (
  { login, name, ofPool = [] }: PoolMachine,
  resolve: Resolve,
  any: () => Promise<Target>
): Promise<OwnLogin> => {
  if (ofPool.length === 0) return { login, isByConfig: false }
  const fields = Object.entries(login) as ReadonlyArray<[keyof Overrides, unknown]>
  const without = (some: ReadonlyArray<keyof Overrides>) => Object.fromEntries(fields.filter(([field]) => !some.includes(field)))
  const [own, usual] = await Promise.all([resolve(name, without(ofPool)), any()])
  const yielding = ofPool.filter((field) => !isSame(own, usual, field))
  return { login: without(yielding), isByConfig: yielding.length > 0 }
}
