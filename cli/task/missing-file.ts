/** Why a word that ends in .yaml, or a path, is no task file. */
import { lstatSync, readdirSync, type Stats } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { notFile } from "../../sdk/task/read-text.ts"
import { didYouMean } from "../../task/near.ts"
import { usageError } from "../render/error.ts"

const extension = /\.ya?ml$/i

/** A task file beside it whose name is nearly that, whatever they end in: what they end in is most of a short name. */
const nearOf = (path: string): string | undefined => {
  try {
    const stem = basename(path).replace(extension, "")
    const files = readdirSync(dirname(path)).filter((name) => extension.test(name))
    const stems = new Map(files.map((file) => [file.replace(extension, ""), file]))
    const near = stems.get(stem) ?? stems.get(didYouMean(stem, stems.keys()) ?? "")
    return near && join(dirname(path), near)
  } catch {
    return undefined
  }
}

const isLink = (path: string): boolean => {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

export const explainFile = (path: string, found: Stats | undefined): Error => {
  if (found) return usageError(notFile(path, found), "A task is a YAML file, a program or a command.")
  if (isLink(path)) return usageError(`${path} is a link that leads nowhere.`)
  const near = nearOf(path)
  const hint = `Looked for ${resolve(path)}. A word that ends in .yaml or .yml is a task file, never a command.`
  return usageError(`There is no file '${path}'.${near ? ` Did you mean '${near}'?` : ""}`, hint)
}
