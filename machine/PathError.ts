/** Why something could not be listed or copied: a sentence that names the path and what to do. */
import { isForInodes, noInodes, wordsOf } from "./room.ts"

export class PathError extends Error {
  readonly path: string

  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

/** The sentence for what the system said about a path. */
export const pathError = (path: string, error: unknown): PathError => {
  if (error instanceof PathError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === "EACCES" || code === "EPERM") {
    return new PathError(path, `${path} cannot be read or written (${code}): change its permissions, or leave it out by .skyignore.`)
  }
  if (isForInodes(error)) return new PathError(path, `${path} cannot be made: ${noInodes}. Remove some files there and ask again.`)
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new PathError(path, `There is no space left for ${path} (${code}): free some and ask again.`)
  }
  return new PathError(path, `${path} cannot be copied: ${wordsOf(error)}`)
}
