/** A daemon that nobody asks of a cloud never loads its SDK, which takes a quarter of a second and as much memory as all the rest. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { sdkBundles } from "../../scripts/sdk-bundles.ts"
import { filesBelow, root } from "./sources.ts"

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["daemon/Daemon.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  outdir: "none",
  packages: "external",
  write: false,
  metafile: true,
  logLevel: "silent"
})
const imports = Object.entries(metafile.inputs).flatMap(([file, input]) => input.imports.map(({ kind, path }) => ({ file, kind, path })))
const placesOf = (is: (path: string) => boolean) =>
  new Set(imports.flatMap(({ file, kind, path }) => (is(path) ? [`${file}: ${kind}`] : [])))

describe("AWS's SDK", () => {
  it("is imported when it is needed, in one place", () => {
    expect(placesOf((path) => path.startsWith("@aws-sdk/"))).toEqual(new Set(["daemon/clouds/aws/sdk.ts: import-statement"]))
    expect(placesOf((path) => path.endsWith("/aws/sdk.ts"))).toEqual(new Set(["daemon/clouds/aws/client.ts: dynamic-import"]))
  })
  it("is there with each call that is made, and no other", () => {
    const read = (file: string) => readFileSync(join(root, file), "utf8")
    const calls = filesBelow("daemon/clouds/aws").flatMap((file) =>
      [...read(file).matchAll(/\bec2\s*\.([a-z]\w+)\(/g)].map(([, name]) => name!)
    )
    const listed = [...read("daemon/clouds/aws/sdk.ts").matchAll(/^ {2}([a-z]\w+): \w+Command,?$/gm)].map(([, name]) => name!)
    expect(new Set(listed)).toEqual(new Set(calls))
  })
})

describe("Google's client", () => {
  it("is imported when it is needed, in one place, by its single files: as a whole it takes a second", () => {
    expect(placesOf((path) => path.startsWith("@google-cloud/"))).toEqual(new Set(["daemon/clouds/gcp/sdk.ts: import-statement"]))
    expect(placesOf((path) => path.endsWith("/gcp/sdk.ts"))).toEqual(new Set(["daemon/clouds/gcp/client.ts: dynamic-import"]))
    expect(imports.filter(({ path }) => path.startsWith("@google-cloud/") && !path.includes("/build/src/v1/"))).toEqual([])
  })
})

describe("the bundles of both", () => {
  it.each([
    { cloud: "aws", kbMax: 450 },
    { cloud: "gcp", kbMax: 1250 }
  ])("hold what is called and little else: $cloud", async ({ cloud, kbMax }) => {
    const options = sdkBundles.find(({ entryPoints }) => Object.hasOwn(entryPoints, `${cloud}-sdk`))!
    const { outputFiles } = await build({
      ...options,
      absWorkingDir: root,
      bundle: true,
      minify: true,
      platform: "node",
      format: "cjs",
      outdir: "none",
      write: false,
      logLevel: "silent"
    })
    expect(outputFiles[0]!.contents.length / 1000).toBeLessThan(kbMax)
  })
})
