/** Folders for tests: written from a table of paths, read back as one. Removed when the test's scope ends. */

import { execFileSync } from "node:child_process"
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"

export const tempFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "skyd-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** `path: text`; a path that ends in `/` is a folder, a text `-> x` is a link to x. */
export const write = (root: string, files: Readonly<Record<string, string>>) => {
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(root, path)
    mkdirSync(path.endsWith("/") ? absolute : dirname(absolute), { recursive: true })
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), absolute)
    else if (!path.endsWith("/")) writeFileSync(absolute, text)
  }
}

export const read = (root: string, below = ""): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = below + name
    const kind = lstatSync(join(root, path))
    if (kind.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(root, path))}`
    else if (kind.isDirectory()) Object.assign(found, { [`${path}/`]: "" }, read(root, `${path}/`))
    else found[path] = readFileSync(join(root, path), "utf8")
  }
  return found
}

/** Git, untouched by this machine's own settings. */
export const git = (cwd: string, ...args: ReadonlyArray<string>) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" }
  })
