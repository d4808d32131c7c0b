/** A daemon that nobody asks of a cloud never loads its SDK, which takes a quarter of a second and as much memory as all the rest. */
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { root } from "./sources.ts"

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
const placesOf = (sdk: string) => new Set(imports.flatMap(({ file, kind, path }) => (path.startsWith(sdk) ? [`${file}: ${kind}`] : [])))

describe("an SDK of a cloud", () => {
  it.each([
    ["@aws-sdk/", "daemon/clouds/aws/client.ts"],
    ["@google-cloud/", "daemon/clouds/gcp/clients.ts"]
  ])("%s is imported when it is needed, in one place", (sdk, place) => {
    expect(placesOf(sdk)).toEqual(new Set([`${place}: dynamic-import`]))
  })
  it("of Google's is imported by its single files: as a whole it takes a second", () => {
    const whole = imports.filter(({ path }) => path.startsWith("@google-cloud/") && !path.includes("/build/src/v1/"))
    expect(whole).toEqual([])
  })
})
