/** The arrows of the architecture, as a test: each room and the rooms that it may import, and what the pure rooms do without. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { codeOf, filesBelow, type Import, type Room, rooms, root, type Source, sources } from "./sources.ts"

const below = ["task", "events", "projections", "sdk"] as const
const may: Readonly<Record<Room, ReadonlyArray<string>>> = {
  task: below.slice(0, 1),
  events: below.slice(0, 2),
  projections: below.slice(0, 3),
  sdk: below,
  machine: ["sdk", "machine"],
  daemon: [...below, "machine", "daemon"],
  agent: [...below, "machine", "agent"],
  cli: [...below, "cli"]
}

/** No Node, no clock, no randomness, no drivers: the same input gives the same output for ever. */
const planning = [
  "catalog/Catalog",
  "catalog/Names",
  "catalog/Packer",
  "catalog/cells",
  "catalog/habits",
  "catalog/hosts",
  "catalog/read-row",
  "reactors/plan",
  "reactors/conclude",
  "reactors/steps",
  "reactors/give-up",
  "reactors/failure",
  "reactors/facts",
  "reactors/couriers/deliveries",
  "reactors/couriers/journal-events",
  "places/unavailable"
]
const isHeld = (file: string) =>
  /^(task|events|projections|daemon\/(commands|optimizer))\//.test(file) || planning.some((name) => file === `daemon/${name}.ts`)
/** And whatever says so as it opens. */
const isPure = ({ file, text }: Source) => isHeld(file) || /^\/\*\*(?:(?!\*\/)[\s\S])*\bPure\b/.test(text)
/** What of Node and of drivers computes and does nothing else; so do types. */
const computing: Readonly<Record<string, string>> = {
  "node:buffer": "isUtf8",
  "node:crypto": "createHash",
  "node:os": "constants",
  "node:path": "join",
  ulid: "decodeTime"
}
const onlyComputes = ({ file, text }: Source, specifier: string) => {
  const fine = new RegExp(`^import (type \\{[^}]*\\}|\\{ ${computing[specifier]} \\}) from "${specifier}"$`, "gm")
  return !isHeld(file) && !text.replaceAll(fine, "").includes(`"${specifier}"`)
}
const drivers = /^(node:|level$|node-ipc|ssh2$|@aws-sdk\/|@google-cloud\/|yaml$|ulid$|rotating-file-stream$)/
const impure =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bprocess\.|\bcrypto\.|\bperformance\.|\bsetTimeout\b|\bsetInterval\b|\bfetch\(/

const cloudOf = (file: string) => /^daemon\/clouds\/([^/]+)\//.exec(file)?.[1]
const isConcrete = (target: string) => cloudOf(target) !== undefined || /^daemon\/log\/\w+LogStore\.ts$/.test(target)
/** A cloud's own files, the store with its witness, and the wiring. */
const wiring = ["daemon/Daemon.ts", "daemon/read-only/ReadOnly.ts", "daemon/log/LevelLog.ts"]
const namesConcrete = (file: string) => wiring.includes(file) || cloudOf(file) !== undefined

/** `file: what` for each file and each of its imports that breaks a rule. */
const offences = (breaks: (source: Source, found: Import) => boolean) =>
  sources.flatMap((source) =>
    source.imports.filter((found) => breaks(source, found)).map(({ specifier }) => `${source.file}: ${specifier}`)
  )

describe("the rooms", () => {
  it("import only what is to their left", () => {
    const isRoom = (name: string): boolean => (rooms as ReadonlyArray<string>).includes(name)
    const roomOf = (target: string | undefined) => target?.split("/")[0] ?? ""
    expect(offences(({ room }, { target }) => isRoom(roomOf(target)) && !may[room].includes(roomOf(target)))).toEqual([])
  })

  it("import nothing from tests, scripts or bundles", () => {
    const isOutside = (target: string | undefined) => target !== undefined && /^(test|scripts|bench|dist|docs|examples)\//.test(target)
    expect(offences((_, { target }) => isOutside(target) && target !== "dist/more.cjs")).toEqual([])
  })

  it("import effect by module: its barrel triples a bundle", () => {
    expect(offences((_, { specifier }) => specifier === "effect")).toEqual([])
  })
})

/** Rooms of the daemon that decide, and what each may import of it: lists, then places, then refusals. Of a cloud only what its port is. */
const deciding: Readonly<Record<string, RegExp>> = {
  catalog: /^daemon\/catalog\//,
  optimizer: /^daemon\/(catalog|optimizer)\//,
  commands: /^daemon\/(optimizer|commands)\/|^daemon\/clouds\/(Cloud|Offered)\.ts$/
}

const looseMax = 8

/** Rooms that still import each other: what is not here is free of the other, one way at least, and stays so. */
const entangled = [
  "clouds commands",
  "clouds over-ssh",
  "clouds rented",
  "life reactors",
  "queries read-only",
  "queries requests",
  "reactors requests"
]

describe("the daemon", () => {
  const inside = sources.filter(({ room }) => room === "daemon").map(({ file }) => file.split("/").slice(1))

  it("has rooms that CONTRIBUTING tells of, and few files beside them", () => {
    const table = readFileSync(join(root, "CONTRIBUTING.md"), "utf8").split("## Rooms of the daemon")[1]!.split("\n## ")[0]!
    const told = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names]) => names!.replaceAll("`", "").split(" "))
    const there = new Set(inside.flatMap(([room, file]) => (file === undefined ? [] : room!)))
    expect(told.sort()).toEqual([...there].sort())
    expect(inside.filter(({ length }) => length === 1).length).toBeLessThanOrEqual(looseMax)
  })

  it("has rooms that do not import each other, but for these", () => {
    const roomIn = (file: string) => /^daemon\/([^/]+)\//.exec(file)?.[1]
    const arrows = new Set(sources.flatMap(({ file, imports }) => imports.map(({ target = "" }) => `${roomIn(file)} ${roomIn(target)}`)))
    const isMutual = (arrow: string) => {
      const [from, to] = arrow.split(" ") as [string, string]
      return from < to && !arrow.includes("undefined") && arrows.has(`${to} ${from}`)
    }
    expect([...arrows].filter(isMutual).sort()).toEqual(entangled)
  })
})

describe("the rooms of the daemon that decide", () => {
  it("import only what is to their left: catalog, optimizer, commands", () => {
    expect(
      offences(({ file }, { target }) => {
        const may = deciding[file.split("/")[1] ?? ""]
        return file.startsWith("daemon/") && may !== undefined && target?.startsWith("daemon/") === true && !may.test(target)
      })
    ).toEqual([])
  })
})

describe("a cloud", () => {
  it("never imports another cloud", () => {
    expect(
      offences(({ file }, { target }) => {
        const own = cloudOf(file)
        const other = target === undefined ? undefined : cloudOf(target)
        return own !== undefined && other !== undefined && own !== other
      })
    ).toEqual([])
  })

  it("is imported by the wiring alone, and so is a store", () => {
    expect(offences(({ file }, { target }) => target !== undefined && isConcrete(target) && !namesConcrete(file))).toEqual([])
  })
})

describe("the machine's room", () => {
  it("needs nothing but Node's own modules: it runs where nothing else is installed", () => {
    expect(offences(({ room }, { specifier }) => room === "machine" && !/^(node:|\.)/.test(specifier))).toEqual([])
  })
})

describe("the pure files", () => {
  const pure = sources.filter(isPure)

  it("are those that plan, all of which are there, and whatever calls itself so", () => {
    expect(planning.filter((name) => !pure.some(({ file }) => file === `daemon/${name}.ts`))).toEqual([])
    expect(pure.some(({ file }) => file === "daemon/leaks/adopt.ts")).toBe(true)
  })

  it("import no Node module and no driver", () => {
    const isDriver = (source: Source, { specifier }: Import) => drivers.test(specifier) && !onlyComputes(source, specifier)
    expect(offences((source, found) => isPure(source) && isDriver(source, found))).toEqual([])
  })

  it("read no clock, no randomness and no process", () => {
    expect(pure.flatMap(({ file, text }) => (codeOf(text).match(impure) ?? []).map((found) => `${file}: ${found}`))).toEqual([])
  })
})

const linesMax = 200
const columnsMax = 140

describe("every file", () => {
  const own = ["scripts", "bench", "test/arch", "test/docs"]
    .flatMap(filesBelow)
    .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }))
  const all = [...sources, ...own]

  it("opens by saying what it is for", () => {
    expect(all.filter(({ text }) => !/^(#![^\n]*\n)?\/\*\*[\s\S]*?\*\//.test(text)).map(({ file }) => file)).toEqual([])
  })

  it("of the programs is short enough to be read in one go", () => {
    expect(sources.filter(({ text }) => text.split("\n").length - 1 > linesMax).map(({ file }) => file)).toEqual([])
  })

  it("of the programs has comments as narrow as its code, which the formatter leaves as they are", () => {
    const isWide = (line: string) => line.length > columnsMax && /^\s*(\/\*\*|\*|\/\/) /.test(line)
    expect(
      sources.flatMap(({ file, text }) =>
        text
          .split("\n")
          .filter(isWide)
          .map((line) => `${file}: ${line.trim()}`)
      )
    ).toEqual([])
  })
})
