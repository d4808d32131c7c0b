/** The SDK's first half, bundled as it ships: a program that only asks and waits pays for nothing else. And what the CLI stands on. */
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { methods } from "../../sdk/protocol/methods.ts"
import { root, sources } from "./sources.ts"

const allowed = [
  /^sdk\/(api|client)\//,
  /^sdk\/(index|log-holder|quote)\.ts$/,
  /^sdk\/protocol\/(exit-codes|build|streams)\.ts$/,
  /^task\/(clouds|near|place|present|price|script|secrets|unsaid)\.ts$/
]

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["sdk/index.ts"],
  bundle: true,
  platform: "node",
  format: "cjs",
  external: ["./values.cjs"],
  write: false,
  metafile: true,
  logLevel: "silent"
})
const inputs = Object.entries(metafile.inputs)

describe("the SDK's first half", () => {
  it("imports nothing but Node's own modules and the lazy half", () => {
    const packages = inputs.flatMap(([file, { imports }]) =>
      imports.filter(({ external, path }) => external && !/^node:|^\.\/values\.cjs$/.test(path)).map(({ path }) => `${file}: ${path}`)
    )
    expect(packages).toEqual([])
  })

  it("holds itself, the client and a few constants", () => {
    expect(inputs.map(([file]) => file).filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([])
  })
})

describe("the command line", () => {
  const calls = /(?:\.call(?:<(?:[^<>]|<[^<>]*>)*>)?|askLog(?:<\w+>)?)\(\s*"([\w.]+)"|\bmethod: "([\w.]+)"/g
  const named = sources
    .filter(({ file }) => file.startsWith("cli/"))
    .flatMap(({ text }) => [...text.matchAll(calls)].map(([, called, field]) => called ?? field ?? ""))

  it("api-02: stands on the API: a verb uses no method that `sky.rpc` lacks", () => {
    expect(named.length).toBeGreaterThan(20)
    expect([...new Set(named)].filter((method) => !Object.hasOwn(methods, method))).toEqual([])
  })
})
