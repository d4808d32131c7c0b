/**
 * What a job's environment starts from on this machine. PATH comes from the user's login shell, read once: never from the
 * shell that happened to start this program, whose virtual environment would leak into every job.
 */
import { spawn } from "node:child_process"
import { homedir, userInfo } from "node:os"
import { delimiter } from "node:path"

const loginTimeoutMs = 3_000
const loginOutputMaxBytes = 256 * 1024
const mark = "<<skyd-path>>"
const startPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const shellOf = () => {
  const shell = process.env.SHELL ?? userInfo().shell
  return shell?.startsWith("/") ? shell : "/bin/sh"
}

export const user = (): string => {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? String(process.getuid?.() ?? "")
  }
}

const common = () => {
  const kept = Object.entries({ LANG: process.env.LANG, LC_ALL: process.env.LC_ALL, TZ: process.env.TZ })
  return {
    USER: user(),
    LOGNAME: user(),
    SHELL: shellOf(),
    ...Object.fromEntries(kept.filter((pair): pair is [string, string] => pair[1] !== undefined))
  }
}

/** This program's own PATH without the folders that npm puts in front. */
const ownPath = () =>
  (process.env.PATH ?? startPath)
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.split("/").includes("node_modules"))
    .join(delimiter) || startPath

/** PATH as a login of the user sees it. Profiles may print: the answer stands between marks. */
export const loginPath = (shell: string): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(shell, ["-lc", `printf '%s%s%s' '${mark}' "$PATH" '${mark}'`], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...common(), HOME: homedir(), PATH: startPath }
    })
    let output = ""
    const finish = (path: string | null) => {
      clearTimeout(timer)
      child.stdout.destroy()
      child.unref()
      resolve(path)
    }
    const timer = setTimeout(() => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      } catch {
        // It ended in this moment.
      }
      finish(null)
    }, loginTimeoutMs)
    child.on("error", () => finish(null))
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-loginOutputMaxBytes)
      const [, path, rest] = output.split(mark)
      // The shell may leave a child behind that keeps the pipe open: what was asked for is here.
      if (path && rest !== undefined) finish(path)
    })
    child.on("close", () => finish(null))
  })

/** The user's shell is asked once in a program's life, when it is needed. */
export const makeEnvironment = (): (() => Promise<Record<string, string>>) => {
  let path: Promise<string> | undefined
  return async () => {
    path ??= loginPath(shellOf()).then((found) => found ?? ownPath())
    return { ...common(), PATH: await path }
  }
}
