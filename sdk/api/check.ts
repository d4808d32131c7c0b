/** `check`: which clouds can be used. */
import type { Cloud } from "./Cloud.ts"
import { Local } from "./Cloud.ts"

/** The clouds that are enabled. Only this machine, so far. */
export const check = async (): Promise<Array<Cloud>> => [Local()]
