/** Why something could not be listed or copied: a sentence that names the path and what to do. */
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
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "EACCES" || code === "EPERM") {
    return new PathError(path, `${path} cannot be read or written (${code}): change its permissions, or leave it out by .skyignore.`)
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new PathError(path, `There is no space left for ${path} (${code}): free some and ask again.`)
  }
  return new PathError(path, `${path} cannot be copied: ${message ?? String(error)}`)
}
