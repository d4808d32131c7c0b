/**
 * Bundles what ships: the client's hot entry and its lazy half, the daemon, the audit without one and the threads of both, the agent, and
 * the SDK in two halves with its types, each one file in dist/.
 */
import { createHash } from "node:crypto"
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { build, type Plugin } from "esbuild"
import manifest from "../package.json" with { type: "json" }
import { apiTypes, declarationFile } from "./api-types.ts"

/** Of all that a folded state depends on: daemon/log/snapshot.ts. */
function stateDigest(): string {
  const hash = createHash("sha256")
  for (const path of globSync(["events/*.ts", "projections/*.ts", "task/*.ts", "daemon/World.ts", "daemon/log/snapshot.ts"]).sort())
    hash.update(readFileSync(path))
  return hash.digest("hex").slice(0, 16)
}

// Which build this is, the same for all bundles: sdk/protocol/build.ts.
const define = { BUILD: JSON.stringify(`${manifest.version}+${Date.now()}`), STATE: JSON.stringify(stateDigest()) }
const common = { bundle: true, minify: true, platform: "node", format: "cjs", target: "node22", logLevel: "warning", define } as const
// node-ipc resolves itself through import.meta, which CommonJS lacks.
const importMeta = {
  define: { ...define, "import.meta.url": "importMetaUrl" },
  banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' }
}

/** Of LevelDB only what is no JavaScript stays outside: to find its thirty files costs a start more than all that they do there. */
const level: Plugin = {
  name: "level",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      importer.includes("/classic-level/") ? { path: "classic-level/binding.js", external: true } : undefined
    )
}

/** What node-ipc has for TCP and for its own log, none of which we use: loaded with it, it is a tenth of a start. */
const later: Plugin = {
  name: "later",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^node:(dgram|tls|util)$/ }, ({ importer, path }) =>
      importer.includes("/node-ipc/") ? { path, namespace: "later" } : undefined
    )
    onLoad({ filter: /.*/, namespace: "later" }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require("${path}")[name] })`
    }))
  }
}

await Promise.all([
  build({ ...common, entryPoints: { sky: "cli/main.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" }, external: ["./more.cjs"] }),
  build({ ...common, entryPoints: { more: "cli/more.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" }, external: ["./more.cjs"] }),
  build({
    ...common,
    ...importMeta,
    entryPoints: { skyd: "daemon/main.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    plugins: [level, later],
    // Loaded when a machine is first connected to, with its native half where that was built; and when AWS is first asked.
    external: ["ssh2", "@aws-sdk/*"]
  }),
  build({
    ...common,
    entryPoints: { audit: "daemon/audit/main.ts", prover: "daemon/audit/prover.ts", reader: "daemon/log/reader.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    plugins: [level]
  }),
  build({ ...common, entryPoints: { disk: "daemon/sync/disk-thread.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } }),
  build({ ...common, entryPoints: { agent: "agent/main.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } }),
  // Read in stack traces, and its classes are known by their names.
  build({
    ...common,
    minify: false,
    keepNames: true,
    entryPoints: { sdk: "sdk/index.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    external: ["./values.cjs"]
  }),
  build({ ...common, entryPoints: { values: "sdk/api/values.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } })
])
// Read when it is first asked for: what it would cost a start is more than the file.
mkdirSync("dist/catalog", { recursive: true })
for (const path of globSync("daemon/catalog/*.catalog")) copyFileSync(path, join("dist/catalog", basename(path)))
writeFileSync("dist/sdk.d.cts", declarationFile(apiTypes()))
