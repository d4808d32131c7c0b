/**
 * Damage that is found under a daemon, which goes on with what it holds: it is remembered on disk, whoever finds it, and however it ends.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { current, isMarked, linkAsFound, mark, stamp } from "./as-found.ts"
import type { Damage } from "./LogDamaged.ts"

/** In the folder that is kept: what was found. */
const noted = "found-damage"

/** What a daemon cannot mend by itself. Of files that were taken away it says so as long as they are away; an index decides nothing. */
const lasting: ReadonlySet<string> = new Set([
  "gap",
  "hash",
  "shorter",
  "store-unreadable",
  "other-log",
  "snapshot-ahead"
] satisfies ReadonlyArray<Damage>)

/** The files are kept as they are now, and the next start looks at all of them. What is known of the log already stands. */
export const noteDamage = (home: string, { kind, message }: { readonly kind: string; readonly message: string }): void => {
  if (!lasting.has(kind) || isMarked(home)) return
  const name = stamp()
  // Where the disk takes no second links, there is nothing in it but the word.
  const folder = linkAsFound(home).keep(name) ?? join(home, `${current}-${name}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, noted), message, { mode: 0o600 })
  mark(home, folder)
}

export const notedDamage = (home: string): string | undefined => {
  try {
    return readFileSync(join(home, current, noted), "utf8")
  } catch {
    return undefined
  }
}
