/** The names that the user's own configuration of ssh has, with all files that it takes in but ours. */
import { glob, readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"
import { encoding } from "../../machine/user-file.ts"
import { namesIn, type OurLine } from "./user-config.ts"

/** As deep as ssh itself goes. */
const depthMax = 16

const pathOf = (word: string, folder: string) => {
  const path = word.replace(/^~(?=\/)/, homedir())
  return isAbsolute(path) ? path : join(folder, path)
}

export const ownNames = async (text: string, ours: OurLine): Promise<ReadonlySet<string>> => {
  const folder = join(homedir(), ".ssh")
  const found = new Set<string>()
  const seen = new Set<string>()
  const take = async (part: string, depth: number): Promise<void> => {
    const { hosts, includes } = namesIn(part)
    for (const host of hosts) found.add(host)
    if (depth === depthMax) return
    for (const pattern of includes.map((word) => pathOf(word, folder)).filter((path) => path !== ours.path)) {
      for await (const file of glob(pattern)) {
        if (seen.has(file)) continue
        seen.add(file)
        // What cannot be read says nothing to ssh either.
        await take(await readFile(file, encoding).catch(() => ""), depth + 1)
      }
    }
  }
  await take(text, 0)
  return found
}
