/** Workdir and mounts that no node can hold together, refused by name before anything is done; and those that only look so. */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { refuseClashes } from "../../../daemon/sync/clashes.ts"
import { listFiles } from "../../../daemon/sync/list-files.ts"
import type { ValueError } from "../../../sdk/protocol/errors.ts"
import type { Task } from "../../../task/Task.ts"
import { git, tempFolder, write } from "./tree.ts"

const files = {
  "w/out": "-> /tmp",
  "w/plain": "1",
  "w/left": "-> /tmp",
  "w/ignored": "-> /tmp",
  "w/dir/a": "1",
  "w/empty/": "",
  "w/.skyignore": "/left",
  "w/.gitignore": "/ignored",
  "d/has/a": "1",
  f: "1"
}

/** Sources are named below the folder of the test. */
const said = (mounts: Readonly<Record<string, string>>, workdir?: string) =>
  Effect.gen(function* () {
    const root = yield* tempFolder
    write(root, files)
    git(join(root, "w"), "init", "-q")
    const file_mounts = Object.fromEntries(Object.entries(mounts).map(([target, source]) => [target, join(root, source)]))
    const task: Task = { file_mounts, ...(workdir === undefined ? {} : { workdir: join(root, workdir) }) }
    const error = yield* Effect.match(refuseClashes(task, listFiles), {
      onSuccess: () => undefined,
      onFailure: (refused: ValueError) => refused.message
    })
    return error?.replaceAll(`${root}/`, "")
  })

const refuses = (title: string, mounts: Readonly<Record<string, string>>, expected: string | undefined, workdir?: string) =>
  it.live(title, () => Effect.map(said(mounts, workdir), (message) => assert.strictEqual(message, expected)))

describe("a mount in the workdir is refused", () => {
  refuses("through a link", { "out/x": "f" }, "file_mounts.out/x needs a folder where workdir has a link, w/out.", "w")
  refuses("through a file", { "plain/a/b": "d" }, "file_mounts.plain/a/b needs a folder where workdir has a file, w/plain.", "w")
  refuses(
    "as a folder where a link is",
    { "~/sky_workdir/out": "d" },
    "file_mounts.~/sky_workdir/out needs a folder where workdir has a link, w/out.",
    "w"
  )
  refuses(
    "as a file where a full folder is",
    { dir: "f" },
    "file_mounts.dir is a file where workdir has a folder with files in it, w/dir.",
    "w"
  )
})

describe("a mount in the workdir is taken", () => {
  refuses(
    "over a file of the same name, and into folders",
    { plain: "f", "dir/a": "f", "dir/b/c": "f", "new/x": "d", empty: "f" },
    undefined,
    "w"
  )
  refuses("where what is in the way is not sent", { "left/x": "f", "ignored/x": "d" }, undefined, "w")
  refuses("where no workdir is sent", { "out/x": "f" }, undefined)
})

describe("mounts of one another", () => {
  refuses(
    "have nothing below a file",
    { "~/m": "d", "~/m/x": "f", "~/m/x/y": "f" },
    "file_mounts.~/m/x/y lies at or below file_mounts.~/m/x, which is a file."
  )
  refuses(
    "have nothing in the place of a file, however it is written",
    { "~/m": "f", "~/./m": "f" },
    "file_mounts.~/m lies at or below file_mounts.~/./m, which is a file."
  )
  refuses(
    "need no folder where one has a file",
    { "~/m/has/a/x": "f", "~/m": "d" },
    "file_mounts.~/m/has/a/x needs a folder where file_mounts.~/m has a file, d/has/a."
  )
  refuses("lie in each other where they can", { "~/m": "d", "~/m/x": "f", "~/m/has/b": "f", "~/mx": "f", "~": "d", "/m/a": "d" }, undefined)
  refuses("that are not there are not the reason", { "~/m": "gone", "~/m/x": "f" }, undefined)
})
