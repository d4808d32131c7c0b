/** The client's hot entry, bundled as it ships: what comes in and how large it is. `sky status` pays for every byte of it. */
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { root } from "./sources.ts"

/** 20 KiB: a budget of the design, not a limit of anything. */
const entryMaxBytes = 20 * 1024
/** All that the entry may hold. sdk/protocol only where it is plain constants: its schemas would bring effect in. */
const allowed = [/^cli\//, /^sdk\/client\//, /^sdk\/protocol\/(exit-codes|build)\.ts$/, /^task\/(names|lasting)\.ts$/]

const bundle = await build({
  absWorkingDir: root,
  entryPoints: ["cli/main.ts"],
  bundle: true,
  minify: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  external: ["./more.cjs"],
  define: { BUILD: '"0.0.0+0000000000000"' },
  write: false,
  metafile: true,
  logLevel: "silent"
})
const inputs = Object.entries(bundle.metafile.inputs)

describe("the client's hot entry", () => {
  it("imports three of Node's own modules and the lazy half, and nothing else", () => {
    const packages = inputs.flatMap(([file, { imports }]) =>
      imports
        .filter(({ external, path }) => external && !/^node:(fs|path|util)$|^\.\/more\.cjs$/.test(path))
        .map(({ path }) => `${file}: ${path}`)
    )
    expect(packages).toEqual([])
  })

  it("holds files of the client and a few constants", () => {
    expect(inputs.map(([file]) => file).filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([])
  })

  it("is small", () => {
    expect(bundle.outputFiles[0]!.contents.length).toBeLessThanOrEqual(entryMaxBytes)
  })
})
