/** Machines behind ssh in this process, in a pool of a state folder's own. */
import { chmodSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import type { NodeRef } from "../../daemon/clouds/Cloud.ts"
import * as SshCloud from "../../daemon/clouds/ssh/SshCloud.ts"
import { Connections } from "../../daemon/remote/Connections.ts"
import { keyPair } from "../fakes/ssh-keys.ts"
import { SshServer } from "../fakes/ssh-server.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { agentPath } from "./cloud-local-prepare.ts"

export interface TestPool {
  readonly home: string
  readonly servers: ReadonlyArray<SshServer>
  /** As it is called in its pool. */
  readonly hostOf: (server: SshServer) => string
  readonly serverOf: (ref: Pick<NodeRef, "host">) => SshServer
  /** The pools file anew, of these machines. */
  readonly pool: (machines: ReadonlyArray<SshServer>, user?: string) => void
  /** Another daemon over the same state folder. */
  readonly daemon: Effect.Effect<Effect.Success<ReturnType<typeof SshCloud.make>>>
}

const hostOf = ({ address, port }: SshServer) => `${address}:${port}`

export const testPool = Effect.fnUntraced(function* (count: number) {
  const home = yield* tempFolder
  const pair = keyPair("user")
  const servers = yield* Effect.forEach(Array.from({ length: count }), (_, i) =>
    Effect.acquireRelease(
      Effect.promise(() => SshServer.start([pair], [keyPair("host")], `127.0.0.${i + 1}`)),
      (server) => Effect.promise(() => server.stop())
    )
  )
  write(home, { id: pair.private })
  const key = join(home, "id")
  chmodSync(key, 0o600)
  const pool = (machines: ReadonlyArray<SshServer>, user?: string) => {
    const hosts = machines.map(({ address, port }) => `    - {ip: ${address}, ssh_port: ${port}}`).join("\n")
    write(home, {
      "ssh_node_pools.yaml": `rack:\n${user === undefined ? "" : `  user: ${user}\n`}  identity_file: ${key}\n  hosts:\n${hosts}\n`
    })
  }
  pool(servers)
  const scope = yield* Effect.scope
  const daemon = Effect.gen(function* () {
    const context = yield* Layer.buildWithScope(Connections.layer({ timeoutMs: 3000 }), scope)
    return yield* SshCloud.make({ home, agentPath, connections: Context.get(context, Connections) })
  })
  const serverOf = ({ host }: Pick<NodeRef, "host">) => servers.find((server) => hostOf(server) === host)!
  return { home, servers, hostOf, serverOf, pool, daemon } satisfies TestPool
})

export const readOn =
  ({ serverOf }: TestPool) =>
  (ref: NodeRef, path: string) =>
    Effect.promise(() => readFile(join(serverOf(ref).home, path), "utf8").catch(() => null))
