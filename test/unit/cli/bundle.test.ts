/** What starts with every command is small, and only Node's own modules are behind it. */
import { build } from "esbuild"
import { expect, it } from "vitest"

const hotMaxBytes = 20 * 1024

it("the hot entry is at most 20 KB and holds nothing but the client", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: ["cli/main.ts"],
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    external: ["./more.cjs"],
    define: { BUILD: '"0.1.0+1795616567703"' },
    metafile: true,
    write: false
  })
  expect(outputFiles[0]!.contents.length).toBeLessThanOrEqual(hotMaxBytes)
  expect(
    Object.keys(metafile.inputs).filter((path) => !/^(cli|sdk\/client|sdk\/protocol\/(build|exit-codes)|task\/(names|lasting))/.test(path))
  ).toEqual([])
  const outside = Object.values(metafile.outputs)[0]!.imports.map(({ path }) => path)
  expect(outside.filter((path) => !/^node:(fs|path|util)$/.test(path))).toEqual(["./more.cjs"])
})
