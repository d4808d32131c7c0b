/** What is installed is what package.json says: `npm install` under an old Node silently takes other versions, with another framing. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "./sources.ts"

/** Named by the product's description. */
const fixed = ["effect", "node-ipc", "ssh2", "@aws-sdk/client-ec2", "@google-cloud/compute", "level"]
const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const read = (...path: ReadonlyArray<string>): Manifest => JSON.parse(readFileSync(join(root, ...path), "utf8"))
const manifest = read("package.json")
const installed = (name: string) => read("node_modules", name, "package.json").version

describe("package.json", () => {
  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })

  it.each(all)("holds an exact version of %s", (_, version) => {
    expect(version).toMatch(exact)
  })

  it.each(fixed)("has %s among the dependencies, installed in that version", (name) => {
    expect(installed(name)).toBe(manifest.dependencies[name])
  })
})

describe("package-lock.json", () => {
  const text = readFileSync(join(root, "package-lock.json"), "utf8")

  it("names no host", () => {
    expect(text.match(/"resolved": *"https?:[^"]*"/g)).toBeNull()
  })

  it("locks the versions of package.json", () => {
    const lock = JSON.parse(text) as { readonly packages: Readonly<Record<string, Partial<Manifest>>> }
    const { dependencies, devDependencies } = lock.packages[""] ?? {}
    expect({ dependencies, devDependencies }).toEqual({ dependencies: manifest.dependencies, devDependencies: manifest.devDependencies })
  })
})

describe("the licence", () => {
  it("is beside the sources", () => {
    expect(existsSync(join(root, "LICENSE"))).toBe(true)
  })
})
