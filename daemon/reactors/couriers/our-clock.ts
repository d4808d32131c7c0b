/** What a node says of times, by this daemon's clock: the clock of a machine of the user's own may be hours off. Pure. */

/** Less is the way of a message. */
const skewMinMs = 5_000

type Entry = { readonly atMs: number; readonly fact?: { readonly idleSinceMs?: unknown } }

const isTimed = (entry: unknown): entry is Entry =>
  typeof entry === "object" && entry !== null && "atMs" in entry && Number.isSafeInteger(entry.atMs)

/** An entry of a journal. `sentAtMs`: when it was sent, by its clock; an agent of another version does not say it. */
export const byOurClock = (entry: unknown, sentAtMs: unknown, nowMs: number): unknown => {
  if (!isTimed(entry) || !Number.isSafeInteger(sentAtMs)) return entry
  const skewMs = nowMs - (sentAtMs as number)
  if (Math.abs(skewMs) < skewMinMs) return entry
  const ours = (atMs: number) => Math.max(0, atMs + skewMs)
  const { fact } = entry
  const idleSinceMs = fact?.idleSinceMs
  const told = Number.isSafeInteger(idleSinceMs) ? { ...fact, idleSinceMs: ours(idleSinceMs as number) } : fact
  return { ...entry, atMs: ours(entry.atMs), fact: told }
}
