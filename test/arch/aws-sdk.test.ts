/** A daemon that nobody asks of AWS never loads its SDK, which takes a quarter of a second and as much memory as all the rest. */
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { root } from "./sources.ts"

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["daemon/clouds/aws/AwsCloud.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  external: ["@aws-sdk/*", "ssh2", "effect", "effect/*", "yaml", "ulid"],
  write: false,
  metafile: true,
  logLevel: "silent"
})

describe("AWS's SDK", () => {
  it("is imported when it is needed, in one place", () => {
    const places = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.filter(({ path }) => path.startsWith("@aws-sdk/")).map(({ kind }) => `${file}: ${kind}`)
    )
    expect(new Set(places)).toEqual(new Set(["daemon/clouds/aws/client.ts: dynamic-import"]))
  })
})
