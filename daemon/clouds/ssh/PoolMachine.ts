/** A machine of the user's, as the pools file names it. */
import type { Overrides } from "../../remote/resolve.ts"

export interface PoolMachine {
  readonly pool: string
  /** What it is called everywhere: what stands in the file, with the port where one is given. */
  readonly host: string
  /** For ssh: an address, a name or an alias of ~/.ssh/config. */
  readonly name: string
  /** What the file says of the login; never stored anywhere else. */
  readonly login: Overrides
  /** Of that, what is said of the whole pool: it yields to what ~/.ssh/config says of the host. */
  readonly ofPool?: ReadonlyArray<"user" | "identityFiles">
  /** Where builds of Node lie for it; null: where they usually do. */
  readonly nodeMirror: string | null
}
export type Pools = ReadonlyMap<string, ReadonlyArray<PoolMachine>>

/** A sentence that names the file and the line. */
export class PoolsError extends Error {}

export const keyOf = ({ host, pool }: Pick<PoolMachine, "host" | "pool">) => JSON.stringify([pool, host])
/** With all that the file says of it: what was learned under another login does not hold. */
export const entryOf = ({ host, login, name, nodeMirror, ofPool = [], pool }: PoolMachine) =>
  JSON.stringify([pool, host, name, login, ofPool, nodeMirror])
