/** A daemon that nobody asks of AWS never loads its SDK, which takes a quarter of a second and as much memory as all the rest. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { filesBelow, root } from "./sources.ts"

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
    expect(new Set(places)).toEqual(new Set(["daemon/clouds/aws/sdk.ts: import-statement"]))
    const of = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.filter(({ path }) => path.endsWith("/sdk.ts")).map(({ kind }) => `${file}: ${kind}`)
    )
    expect(of).toEqual(["daemon/clouds/aws/client.ts: dynamic-import"])
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
