/** The package as it is published: packed, put into another folder's project, imported, required, compiled against, and used. */
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Home, root } from "./home.ts"

const home = new Home()
const project = join(home.path, "project")
const installed = join(project, "node_modules/skyd")
mkdirSync(installed, { recursive: true })
// The bundles are built before the tests; packing must not build them under those that run.
const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", home.path], { cwd: root, encoding: "utf8" })
const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: ReadonlyArray<{ readonly path: string }> }]
execFileSync("tar", ["-xzf", join(home.path, filename), "-C", installed, "--strip-components=1"])
// What npm would fetch.
for (const name of readdirSync(join(root, "node_modules")))
  if (!name.startsWith(".") && name !== "skyd") symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name))
writeFileSync(join(project, "package.json"), '{ "name": "project", "type": "module" }')

const file = (name: string, text: string) => writeFileSync(join(project, name), text)
const run = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: project, env: home.env, encoding: "utf8" })
  return { code: status, out: stdout, err: stderr }
}

describe("the package", () => {
  it("holds its programs, bundles, types and documents, and no sources", () => {
    const paths = files.map(({ path }) => path)
    for (const path of [
      "bin/sky.cjs",
      "bin/skyd.cjs",
      "dist/sdk.cjs",
      "dist/values.cjs",
      "dist/prices.cjs",
      "dist/aws-sdk.cjs",
      "dist/sdk.d.cts",
      "dist/catalog/aws.catalog",
      "dist/catalog/gcp.catalog",
      "docs/api.md",
      "LICENSE",
      "README.md"
    ])
      expect(paths).toContain(path)
    expect(paths.filter((path) => /^(test|sdk|cli|daemon|dist\/cache)\//.test(path))).toEqual([])
  })

  it("is found by older resolvers too, which read no exports", () => {
    const { main, types } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"))
    expect([main, types].map((path) => existsSync(join(installed, path)))).toEqual([true, true])
  })

  it("api-01: is imported as a whole, by name and by require, and is one thing", () => {
    file(
      "both.mjs",
      `import { createRequire } from "node:module"
      import * as sky from "skyd"
      import { launch, exceptions } from "skyd"
      const required = createRequire(import.meta.url)("skyd")
      console.log(launch === sky.launch, required.Task === sky.Task, exceptions.ValueError === required.exceptions.ValueError)`
    )
    expect(run("both.mjs")).toEqual({ code: 0, out: "true true true\n", err: "" })
  })

  it("loads neither YAML nor effect before a value is made", () => {
    file(
      "lazy.cjs",
      `const sky = require("skyd")
      const loaded = () => Object.keys(require.cache).filter((name) => !name.endsWith("lazy.cjs")).map((name) => name.split("/").at(-1)).join()
      const before = loaded()
      new sky.Task({ run: "true" })
      console.log(before, loaded())`
    )
    expect(run("lazy.cjs")).toEqual({ code: 0, out: "sdk.cjs sdk.cjs,values.cjs\n", err: "" })
  })

  it("launches, follows and ends from there", () => {
    file(
      "use.mjs",
      `import * as sky from "skyd"
      const { handle, jobId } = await sky.launch(new sky.Task({ run: "echo from the package" }), { clusterName: "p" })
      console.log(jobId, handle.clusterName, (await sky.jobStatus("p"))[jobId])
      await sky.down("p")`
    )
    const { code, out } = run("use.mjs")
    expect([code, out]).toEqual([0, expect.stringMatching(/from the package\n1 p SUCCEEDED\n$/)])
  })

  it("api-06, exec-11, autostop-10: has types of its own that hold the page's examples, and nothing private", () => {
    cpSync(join(root, "test/types/contract.ts"), join(project, "contract.ts"))
    file(
      "required.cts",
      'import sky = require("skyd")\nexport const names: Promise<Array<string>> = sky.status().then((all) => all.map(({ name }) => name))\n'
    )
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2024", "--module", "nodenext"]
    const language = ["--lib", "es2024,esnext.disposable", "--types", "node"]
    const compiler = join(root, "node_modules/typescript/bin/tsc")
    expect(run(compiler, ...options, ...language, "contract.ts", "required.cts")).toEqual({ code: 0, out: "", err: "" })
  })

  it.each(["es2022", "es2024"])("is compiled against without Node's types, for %s, and its streams keep their types", (target) => {
    file(
      "typed.mts",
      `import * as sky from "skyd"
      type IsAny<A> = 0 extends 1 & A ? true : false
      export const loose: IsAny<ReturnType<typeof sky.events>> = false
      for await (const { text } of sky.tailLogs("c")) text satisfies string`
    )
    for (const skipLibCheck of [false, true]) {
      const compilerOptions = { target, module: "nodenext", strict: true, noEmit: true, types: [], skipLibCheck }
      file("tsconfig.json", JSON.stringify({ compilerOptions, files: ["typed.mts"] }))
      expect(run(join(root, "node_modules/typescript/bin/tsc"), "-p", ".")).toEqual({ code: 0, out: "", err: "" })
    }
  })
})
