/** Why a word that ends in .yaml is no task file. */
import { readdirSync } from "node:fs"
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

export const explainFile = (path: string, exists: boolean): Error => {
  if (exists) return usageError(`${path} is not a file.`)
  const near = nearOf(path)
  const hint = `Looked for ${resolve(path)}. A word that ends in .yaml or .yml is a task file, never a command.`
  return usageError(`There is no file '${path}'.${near ? ` Did you mean '${near}'?` : ""}`, hint)
}
