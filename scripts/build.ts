/**
 * Bundles what ships: the client's hot entry and its lazy half, the daemon, the audit without one and the threads of both, the agent, and
 * the SDK in two halves, the prices that it may be asked for, and its types, each one file in dist/.
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

/**
 * Modules that are loaded once something of them is used. esbuild reads a name that is imported from an heir of the module, so the stand-in
 * is its own parent.
 */
const later = (name: string, modules: RegExp, isWanted: (importer: string) => boolean = () => true): Plugin => ({
  name,
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: modules }, ({ importer, namespace, path }) =>
      namespace === "file" && isWanted(importer) ? { path, namespace: name } : undefined
    )
    onLoad({ filter: /.*/, namespace: name }, ({ path }) => ({
      contents: `const later = new Proxy({}, { get: (_, name) => require("${path}")[name], getPrototypeOf: () => later })
        module.exports = later`,
      resolveDir: import.meta.dirname
    }))
  }
})

/** What node-ipc has for TCP and for its own log, none of which we use. */
const ipcLater = later("ipc", /^node:(dgram|tls|util)$/, (importer) => importer.includes("/node-ipc/"))
/** What the daemon is asked for later than at its start: with what is only node-ipc's, a tenth of a start. */
const daemonLater = later("daemon", /^(node:child_process|node:zlib|picomatch)$/)
/** The agent's program is started for many a short errand, each of which needs a few of them: all of them double a start. */
const agentLater = later("agent", /^node:(child_process|crypto|fs\/promises|net|os|stream|stream\/promises)$/)

/** node-ipc looks through the network for an address to listen on, which the machine's programs have no part in. */
const noNetwork: Plugin = {
  name: "no network",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^node:os$/ }, ({ importer, path }) =>
      importer.endsWith("/node-ipc/entities/Defaults.js") ? { path, namespace: "no network" } : undefined
    )
    onLoad({ filter: /.*/, namespace: "no network" }, ({ path }) => ({
      contents: `module.exports = { ...require("${path}"), networkInterfaces: () => ({}) }`
    }))
  }
}

/** A file beside the daemon's own: half of its memory is not there until somebody asks AWS. */
const awsLater: Plugin = {
  name: "aws later",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/sdk\.ts$/ }, ({ importer, kind }) =>
      kind === "dynamic-import" && importer.endsWith("/clouds/aws/client.ts") ? { path: "./aws-sdk.cjs", external: true } : undefined
    )
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
    plugins: [level, ipcLater, daemonLater, noNetwork, awsLater],
    // Loaded when a machine is first connected to, with its native half where that was built; and when GCP is first asked.
    external: ["ssh2", "@google-cloud/*", "node-fetch"]
  }),
  // Of its modules only what is used; its CommonJS is whole or not at all.
  build({
    ...common,
    entryPoints: { "aws-sdk": "daemon/clouds/aws/sdk.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    mainFields: ["module", "main"]
  }),
  build({
    ...common,
    entryPoints: { audit: "daemon/audit/main.ts", prover: "daemon/audit/prover.ts", reader: "daemon/log/reader.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    plugins: [level]
  }),
  build({ ...common, entryPoints: { disk: "daemon/sync/disk-thread.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } }),
  build({ ...common, entryPoints: { agent: "agent/main.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" }, plugins: [agentLater] }),
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
  build({
    ...common,
    entryPoints: { values: "sdk/api/values.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    external: ["./prices.cjs"]
  }),
  build({ ...common, entryPoints: { prices: "daemon/catalog/for-sdk.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } })
])
// Read when it is first asked for: what it would cost a start is more than the file.
mkdirSync("dist/catalog", { recursive: true })
for (const path of globSync("daemon/catalog/*.catalog")) copyFileSync(path, join("dist/catalog", basename(path)))
writeFileSync("dist/sdk.d.cts", declarationFile(apiTypes()))
