/** What a walk must know of a git repository: where it begins, its private ignore file, and which files it tracks against its rules. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { lstat, named, raw } from "../../machine/calls.ts"

const gitTimeoutMs = 30_000
const outputMaxBytes = 64 * 1024 * 1024

const textOf = (path: string) => {
  try {
    return readFileSync(raw(path), "utf8")
  } catch {
    return ""
  }
}

export const isRepository = (folder: string): boolean => {
  const found = lstat(join(folder, ".git"))
  return found !== null && (found.isDirectory() || found.isFile())
}

/** The nearest folder upwards that is a repository. */
export const repositoryOf = (folder: string): string | null => {
  for (let at = folder; ; at = dirname(at)) {
    if (isRepository(at)) return at
    if (at === dirname(at)) return null
  }
}

/** `info/exclude` of the repository; in a worktree or a submodule `.git` is a file that says where the folder lies. */
export const readExclude = (repository: string): string => {
  const dotGit = join(repository, ".git")
  const pointer = /^gitdir: (.+)$/m.exec(textOf(dotGit))?.[1]
  const folder = pointer ? resolve(repository, pointer) : dotGit
  const common = textOf(join(folder, "commondir")).trim()
  return textOf(join(resolve(folder, common), "info/exclude"))
}

/**
 * Files below `folder` that are tracked although a rule matches them: git goes on with them, so they are sent. Paths are relative
 * to `folder`. Without git on this machine none are known. The monitor hook of the repository's own configuration is not run.
 */
export const trackedThoughIgnored = (folder: string): ReadonlyArray<string> => {
  const args = ["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--ignored", "--exclude-standard"]
  // GIT_DIR and the like of whoever started the daemon would name another repository.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  try {
    const said = execFileSync("git", args, {
      cwd: folder,
      env,
      timeout: gitTimeoutMs,
      maxBuffer: outputMaxBytes,
      stdio: ["ignore", "pipe", "ignore"]
    })
    return named(said)
      .split("\0")
      .filter((path) => path !== "")
  } catch {
    return []
  }
}
