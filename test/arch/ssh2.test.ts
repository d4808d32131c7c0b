/** A daemon without machines behind ssh never loads ssh2, and no bundle holds it: its native half is where it was installed, or nowhere. */
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { root } from "./sources.ts"

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["daemon/remote/Connections.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  external: ["ssh2"],
  write: false,
  metafile: true,
  logLevel: "silent"
})

describe("ssh2", () => {
  it("is imported when it is needed, in one place", () => {
    const places = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.filter(({ path }) => path === "ssh2").map(({ kind }) => `${file}: ${kind}`)
    )
    expect(places).toEqual(["daemon/remote/load-ssh2.ts: dynamic-import"])
  })
})
