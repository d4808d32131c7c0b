/**
 * AWS's zones by number (`use1-az1`), as the lists have them, each account names in its own way; here they stand as letters (`us-east-1a`).
 * Pure.
 */
const letters = "abcdefghijklmnopqrstuvwxyz"

/** Undefined: it is no zone of the region by number. Zones of cities (`use1-atl1-az1`) are none. */
export const zoneByNumber = (region: string, id: string): string | undefined => {
  const letter = letters[Number(/^[a-z]+\d+-az(\d+)$/.exec(id)?.[1] ?? 0) - 1]
  return letter && `${region}${letter}`
}
