/**
 * The files that ssh reads of our clusters: two of each, in one folder. Each is replaced in one step, and only where it says something
 * else.
 */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { entryOf, knownHostsOf, type Named, Unsayable } from "./entry.ts"

const suffixes = { entry: ".conf", knownHosts: ".known_hosts", temp: ".new" } as const
/** Files that ssh takes for somebody else's, and then refuses to do anything at all. */
const writableByOthers = 0o022
const checkMaxMs = 10_000

/** What the line in the user's file names. */
export const patternOf = (folder: string) => join(folder, `*${suffixes.entry}`)
const entryFile = (folder: string, name: string) => join(folder, name + suffixes.entry)
const knownHostsFile = (folder: string, name: string) => join(folder, name + suffixes.knownHosts)

/** A line that ssh stumbles over would end every ssh of the user's: this one is asked first. Where there is none, nobody stumbles. */
const check = (file: string, name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile("ssh", ["-G", "-F", file, "--", name], { timeout: checkMaxMs }, (error, _, stderr) => {
      if (error === null || error.code === "ENOENT") return resolve()
      reject(new Unsayable(`ssh does not take what it should know of ${name}: ${stderr.trim().split("\n")[0] || error.message}`))
    })
  })

const replace = async (folder: string, path: string, text: string, accept: (file: string) => Promise<void>): Promise<void> => {
  if ((await readFile(path, "utf8").catch(() => null)) === text) return
  const temp = join(folder, `${randomBytes(8).toString("hex")}${suffixes.temp}`)
  try {
    await writeFile(temp, text, { mode: 0o600, flag: "wx" })
    const { mode, uid } = await stat(temp)
    if ((mode & writableByOthers) !== 0 || uid !== process.getuid?.())
      throw new Unsayable(`files in ${folder} are not yours alone, so that ssh would refuse them`)
    await accept(temp)
    await rename(temp, path)
  } finally {
    await rm(temp, { force: true })
  }
}

export const writeEntry = async (folder: string, name: string, nodes: ReadonlyArray<Named>): Promise<void> => {
  const usualAgent = process.env["SSH_AUTH_SOCK"] || null
  const entry = entryOf(nodes, knownHostsFile(folder, name), usualAgent)
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error
  })
  await replace(folder, knownHostsFile(folder, name), knownHostsOf(nodes), async () => undefined)
  await replace(folder, entryFile(folder, name), entry, (file) => check(file, name))
}

export const removeEntry = async (folder: string, name: string): Promise<void> => {
  for (const file of [entryFile(folder, name), knownHostsFile(folder, name)]) await rm(file, { force: true })
}

/** All but those of these clusters. */
export const removeOthers = async (folder: string, names: ReadonlySet<string>): Promise<void> => {
  const files = await readdir(folder).catch(() => [])
  const stale = files.filter((file) => {
    const suffix = Object.values(suffixes).find((each) => file.endsWith(each))
    return suffix !== undefined && !names.has(file.slice(0, -suffix.length))
  })
  for (const file of stale) await rm(join(folder, file), { force: true })
}
