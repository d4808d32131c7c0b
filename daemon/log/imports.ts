/** What an import has in a state folder beside its log: the folder that it is built in, and the mark that holds its first start back. */
import { closeSync, fsyncSync, lstatSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { isAlive } from "../../sdk/is-alive.ts"
import { placesOf } from "./LevelLog.ts"

const prefix = "import-"
const markBytes = 27

export const workplaceIn = (home: string) => join(home, `${prefix}${process.pid}`)

/** Of imports that were killed. */
export const restsIn = (home: string): ReadonlyArray<string> =>
  readdirSync(home)
    .filter((name) => /^import-\d+$/.test(name) && !isAlive(Number(name.slice(prefix.length))))
    .map((name) => join(home, name))

/** Once a log is open in its place nothing of them is wanted. */
export const sweepRests = (home: string): void => {
  for (const rest of restsIn(home)) rmSync(rest, { recursive: true, force: true })
}

/** `log`: the id of the log that was imported; older builds wrote none. `unclear`: no import has left this, or not so. */
type Mark = "none" | "unclear" | { readonly log: string }

export const markedIn = (home: string): Mark => {
  const { imported } = placesOf(home)
  const stat = lstatSync(imported, { throwIfNoEntry: false })
  if (stat === undefined) return "none"
  if (!stat.isFile() || stat.size > markBytes) return "unclear"
  const said = readFileSync(imported, "latin1")
  return said === "" || /^[0-9A-HJKMNP-TV-Z]{26}\n$/.test(said) ? { log: said.trimEnd() } : "unclear"
}

/** On disk before it returns, as far as the file goes. */
export const writeMark = (path: string, log: string): void => {
  const fd = openSync(path, "wx", 0o600)
  try {
    writeSync(fd, `${log}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
