/** What a walk must know of a git repository: where it begins, its private ignore file, and which files it tracks against its rules. */
import { execFile } from "node:child_process"
import { lstat, readFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"

const gitTimeoutMs = 30_000
const outputMaxBytes = 64 * 1024 * 1024

const textOf = (path: string) => readFile(path, "utf8").catch(() => "")

export const isRepository = (folder: string): Promise<boolean> =>
  lstat(join(folder, ".git")).then(
    (found) => found.isDirectory() || found.isFile(),
    () => false
  )

/** The nearest folder upwards that is a repository. */
export const repositoryOf = async (folder: string): Promise<string | null> => {
  for (let at = folder; ; at = dirname(at)) {
    if (await isRepository(at)) return at
    if (at === dirname(at)) return null
  }
}

/** `info/exclude` of the repository; in a worktree or a submodule `.git` is a file that says where the folder lies. */
export const readExclude = async (repository: string): Promise<string> => {
  const dotGit = join(repository, ".git")
  const pointer = /^gitdir: (.+)$/m.exec(await textOf(dotGit))?.[1]
  const folder = pointer ? resolve(repository, pointer) : dotGit
  const common = (await textOf(join(folder, "commondir"))).trim()
  return textOf(join(resolve(folder, common), "info/exclude"))
}

/**
 * Files below `folder` that are tracked although a rule matches them: git goes on with them, so they are sent. Paths are relative
 * to `folder`. Without git on this machine none are known. The monitor hook of the repository's own configuration is not run.
 */
export const trackedThoughIgnored = (folder: string): Promise<ReadonlyArray<string>> =>
  new Promise((done) => {
    const args = ["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--ignored", "--exclude-standard"]
    // GIT_DIR and the like of whoever started the daemon would name another repository.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME }
    execFile("git", args, { cwd: folder, env, timeout: gitTimeoutMs, maxBuffer: outputMaxBytes }, (error, stdout) =>
      done(error ? [] : stdout.split("\0").filter((path) => path !== ""))
    )
  })
