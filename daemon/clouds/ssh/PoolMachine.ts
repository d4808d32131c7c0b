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
}
export type Pools = ReadonlyMap<string, ReadonlyArray<PoolMachine>>

/** A sentence that names the file and the line. */
export class PoolsError extends Error {}

export const keyOf = ({ host, pool }: Pick<PoolMachine, "host" | "pool">) => JSON.stringify([pool, host])
