/** Why a word that ends in .yaml, or a path, is no task file. */
import { readdirSync, type Stats } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { didYouMean } from "../../task/names.ts"
import { usageError } from "../render/error.ts"

const nearOf = (path: string): string | undefined => {
  try {
    const near = didYouMean(
      basename(path),
      readdirSync(dirname(path)).filter((name) => /\.ya?ml$/i.test(name))
    )
    return near && join(dirname(path), near)
  } catch {
    return undefined
  }
}

export const explainFile = (path: string, found: Stats | undefined): Error => {
  if (found) {
    const what = found.isDirectory() ? "a folder" : found.isFIFO() ? "a pipe" : "a device or a socket"
    return usageError(`${path} is not a file but ${what}.`, "A task is a YAML file, a program or a command.")
  }
  const near = nearOf(path)
  const hint = `Looked for ${resolve(path)}. A word that ends in .yaml or .yml is a task file, never a command.`
  return usageError(`There is no file '${path}'.${near ? ` Did you mean '${near}'?` : ""}`, hint)
}
