/** What is said of a machine that lets nobody in whose key is here: in the log, and read there again. Pure. */
import type { ClusterRow } from "./ClusterRow.ts"

export const letsNobodyIn = "It lets in the key of the state folder that has made it alone, and that is not here"

/** It runs, and nothing is ever done on it from here. */
export const isShut = ({ trouble }: ClusterRow): boolean => trouble?.message.includes(letsNobodyIn) ?? false
