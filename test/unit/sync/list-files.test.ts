import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { listFiles, makeLister } from "../../../daemon/sync/list-files.ts"
import { git, tempFolder, write } from "./tree.ts"

const paths = (root: string) =>
  Effect.map(listFiles(root), ({ entries }) => entries.map(({ path, kind }) => (kind === "folder" ? `${path}/` : path)))

const lists = (title: string, files: Readonly<Record<string, string>>, expected: ReadonlyArray<string>, below = "") =>
  it.live(title, () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      write(root, files)
      assert.deepStrictEqual(yield* paths(join(root, below)), expected)
    })
  )

describe("what of a workdir is sent", () => {
  lists("is everything, when nothing is ignored, empty folders and hidden files included", { "a/b": "1", "c/": "", ".d": "2" }, [
    ".d",
    "a/",
    "a/b",
    "c/"
  ])
  lists(
    "leaves out what .gitignore names, and nothing of another case",
    { ".gitignore": "*.log\n/build/\n# no\n\n", "x.log": "", "X.LOG": "", "build/a": "", "src/build/a": "", "src/y.log": "" },
    [".gitignore", "X.LOG", "src/", "src/build/", "src/build/a"]
  )
  lists(
    "follows a nested .gitignore in its own subtree only",
    {
      "a/.gitignore": "data\n!keep.log\n/top",
      "a/data": "",
      "a/b/data": "",
      "a/b/top": "",
      "a/top": "",
      data: "",
      "a/keep.log": "",
      ".gitignore": "*.log"
    },
    [".gitignore", "a/", "a/.gitignore", "a/b/", "a/b/top", "a/keep.log", "data"]
  )
  lists(
    "takes a folder back in with what it holds, when a nested rule says so",
    { ".gitignore": "/a/b\n*.log", "a/.gitignore": "!b", "a/b/c": "", "a/b/x.log": "" },
    [".gitignore", "a/", "a/.gitignore", "a/b/", "a/b/c"]
  )
  lists("does not take back what lies in a folder left out", { ".gitignore": "out/\n!out/keep", "out/keep": "", "out/x": "" }, [
    ".gitignore"
  ])
  lists(
    "honours .skyignore after .gitignore: it leaves out more and takes back in",
    {
      ".gitignore": "*.bin\ndata/",
      ".skyignore": "!model.bin\nnotes\n!data/",
      "model.bin": "",
      "x.bin": "",
      notes: "",
      "data/a": "",
      "data/b.bin": ""
    },
    [".gitignore", ".skyignore", "data/", "data/a", "model.bin"]
  )
  lists(
    "keeps .git whole, whatever the rules say of names in it",
    { ".gitignore": "*.pack\nHEAD\n.*", ".git/HEAD": "ref: x", ".git/objects/pack/a.pack": "", "b.pack": "" },
    [".git/", ".git/HEAD", ".git/objects/", ".git/objects/pack/", ".git/objects/pack/a.pack"]
  )
  lists("leaves .git out when .skyignore says so", { ".skyignore": ".git\n", ".git/HEAD": "", a: "" }, [".skyignore", "a"])
  lists(
    "follows the repository's rules above a workdir that lies within it",
    { ".git/info/exclude": "secret\n", ".gitignore": "*.log\n/w/out\n", "w/out/a": "", "w/x.log": "", "w/secret": "", "w/src/a": "" },
    ["src/", "src/a"],
    "w"
  )
  lists(
    "is not empty because the rules above leave out the workdir itself",
    { ".git/HEAD": "", ".gitignore": "build/\n", "build/a": "" },
    ["a"],
    "build"
  )
  lists(
    "starts anew in a repository within",
    { ".git/HEAD": "", ".gitignore": "*.log", "sub/.git/HEAD": "", "sub/.gitignore": "*.tmp", "sub/a.log": "", "sub/a.tmp": "" },
    [".git/", ".git/HEAD", ".gitignore", "sub/", "sub/.git/", "sub/.git/HEAD", "sub/.gitignore", "sub/a.log"]
  )

  it.live("keeps links as links, also those that lead nowhere or out, and follows only the folder itself", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      write(root, { "real/a": "1", "real/out": "-> /etc", "real/broken": "-> nowhere", link: "-> real", "real/.gitignore": "out/" })
      const { entries, root: resolved } = yield* listFiles(join(root, "link"))
      assert.strictEqual(resolved, join(root, "real"))
      assert.deepStrictEqual(
        entries.map(({ path, kind, target }) => [path, kind, target]),
        [
          [".gitignore", "file", undefined],
          ["a", "file", undefined],
          ["broken", "link", "nowhere"],
          ["out", "link", "/etc"]
        ]
      )
    })
  )

  it.live("counts files and bytes, keeps modes, and skips pipes and sockets, which it names", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      write(root, { "d/a": "12345" })
      writeFileSync(join(root, "run.sh"), "#!/bin/sh\n", { mode: 0o755 })
      execFileSync("mkfifo", [join(root, "pipe")])
      const socket = createServer().listen(join(root, "d/socket"))
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.close()))
      yield* Effect.promise(() => once(socket, "listening"))
      const { entries, files, bytes, others } = yield* listFiles(root)
      assert.deepStrictEqual([files, bytes, others], [2, 15, ["d/socket", "pipe"]])
      assert.deepStrictEqual(
        entries.map(({ path }) => path),
        ["d", "d/a", "run.sh"]
      )
      assert.strictEqual(entries.find(({ path }) => path === "run.sh")?.mode, 0o755)
    })
  )

  it.live("includes what git tracks although a rule matches it, unless .skyignore leaves it out", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      git(root, "init", "-q")
      write(root, { ".gitignore": "out/\n*.bin\n", "out/kept/a": "", "out/b": "", "x.bin": "", "y.bin": "", "z.bin": "" })
      git(root, "add", "-f", "out/kept/a", "x.bin", "z.bin")
      writeFileSync(join(root, ".skyignore"), "z.bin\n")
      const found = (yield* paths(root)).filter((path) => !path.startsWith(".git/"))
      assert.deepStrictEqual(found, [".gitignore", ".skyignore", "out/", "out/kept/", "out/kept/a", "x.bin"])
    })
  )

  it.live("is an error with a sentence when there is no such folder, or it is a file", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      write(root, { file: "" })
      const missing = yield* Effect.flip(listFiles(join(root, "nope")))
      assert.strictEqual(missing.message, `${join(root, "nope")} does not exist: check the workdir of the task.`)
      const file = yield* Effect.flip(listFiles(join(root, "file")))
      assert.strictEqual(file.message, `${join(root, "file")} is not a folder: a workdir must be one.`)
    })
  )
})

describe("the state folder of the daemon", () => {
  const state = Effect.map(tempFolder, (root) => {
    write(root, { a: "1", "s/secret": "2", "s/nodes/n/home/x": "3", "s.txt": "4", link: "-> s", key: "-> s/secret" })
    return { root, list: makeLister(join(root, "link")) }
  })
  it.live("is left out of a folder around it, and not counted", () =>
    Effect.gen(function* () {
      const { list, root } = yield* state
      const { entries, files } = yield* list(root)
      assert.deepStrictEqual(
        entries.map(({ path }) => path),
        ["a", "key", "link", "s.txt"]
      )
      assert.strictEqual(files, 2)
    })
  )
  it.live("is no workdir and no source itself, by whatever name, nor is what lies in it", () =>
    Effect.gen(function* () {
      const { list, root } = yield* state
      for (const path of ["s", "link", "s/nodes", "link/nodes/n/home"]) {
        assert.include((yield* Effect.flip(list(join(root, path)))).message, "Choose another workdir")
        assert.include((yield* Effect.flip(list(join(root, path), "mount"))).message, "Choose another source in file_mounts")
      }
      for (const path of ["s/secret", "key"]) assert.include((yield* Effect.flip(list(join(root, path), "mount"))).message, "holds secrets")
      assert.strictEqual((yield* list(join(root, "s.txt"), "mount")).files, 1)
    })
  )
})
