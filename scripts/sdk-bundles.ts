/** The SDKs of clouds, of each what is called here and no more: all of them take as much memory as the daemon four times. */
import { readFileSync } from "node:fs"
import type { BuildOptions, Plugin } from "esbuild"

/** Files beside the daemon's own: none of it is in memory until somebody asks those clouds. */
export const sdksLater: Plugin = {
  name: "sdks later",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/sdk\.ts$/ }, ({ importer, kind }) => {
      const [, cloud] = /\/clouds\/(\w+)\/client\.ts$/.exec(importer) ?? []
      return kind === "dynamic-import" && cloud !== undefined ? { path: `./${cloud}-sdk.cjs`, external: true } : undefined
    })
}

/** Keys of AWS's shapes are constants, by which esbuild does not see that nothing happens where a shape that nobody uses is left out. */
const awsShapes: Plugin = {
  name: "aws shapes",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/@aws-sdk\/client-(?:ec2|ssm)\/.*\/schemas_0\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8")
      const constants = new Map([...source.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name, text]) => [name, text]))
      const plain = source.replaceAll(/\[(_\w+)\]:/g, (all, name) => (constants.has(name) ? `${constants.get(name)}:` : all))
      // Errors of all its calls, each with a class: one that is not there comes as the service's own, under its name.
      return { contents: plain.replaceAll(/^n0_registry\.registerError\(.*\);$/gm, "") }
    })
}

interface Shape {
  readonly fields?: Readonly<Record<string, { readonly type: string }>>
  readonly methods?: Readonly<Record<string, { readonly requestType: string; readonly responseType: string }>>
  readonly nested?: Readonly<Record<string, Shape>>
}
const namedBy = ({ fields = {}, methods = {}, nested = {} }: Shape): ReadonlyArray<string> => [
  ...Object.values(fields).map(({ type }) => type),
  ...Object.values(methods).flatMap(({ requestType, responseType }) => [requestType, responseType]),
  ...Object.values(nested).flatMap(namedBy)
]

/** A service for each client that is imported, and all that it leads to. */
const googleShapes: Plugin = {
  name: "google shapes",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/@google-cloud\/compute\/build\/protos\/protos\.json$/ }, ({ path }) => {
      const protos = JSON.parse(readFileSync(path, "utf8"))
      const compute = protos.nested.google.nested.cloud.nested.compute
      const all: Readonly<Record<string, Shape>> = compute.nested.v1.nested
      const imports = readFileSync("daemon/clouds/gcp/sdk.ts", "utf8").matchAll(/import \{ (\w+)Client \}/g)
      const kept: Record<string, Shape> = {}
      for (const open = [...imports].map(([, service]) => service!); open.length > 0; ) {
        const name = open.pop()!.replace(".google.cloud.compute.v1.", "").split(".")[0]!
        if (all[name] === undefined || kept[name] !== undefined) continue
        kept[name] = all[name]
        open.push(...namedBy(all[name]))
      }
      compute.nested = { v1: { nested: kept } }
      return { contents: JSON.stringify(protos), loader: "json" }
    })
}

/** What Google's library loads for other services: gRPC, which Compute Engine has not, and shapes of what is not asked of it. */
const unused = /^(\.\/grpc|@grpc\/grpc-js|(\.\.\/)+protos\/(iam_service|locations|operations))$/
const forOthers: Plugin = {
  name: "for others",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: unused }, ({ importer, path }) =>
      importer.includes("/google-gax/") ? { path: path.split("/").at(-1)!, namespace: "for others" } : undefined
    )
    onLoad({ filter: /.*/, namespace: "for others" }, () => ({ contents: "" }))
  }
}

/** Of modules only what is used: CommonJS is whole or not at all. */
export const sdkBundles = [
  { entryPoints: { "aws-sdk": "daemon/clouds/aws/sdk.ts" }, mainFields: ["module", "main"], plugins: [awsShapes] },
  // Some of its classes are known by their names.
  { entryPoints: { "gcp-sdk": "daemon/clouds/gcp/sdk.ts" }, keepNames: true, plugins: [googleShapes, forOthers] }
] satisfies ReadonlyArray<BuildOptions>
