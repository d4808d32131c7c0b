/** What clouds that rent machines have in common, whichever they are: the key that leads there, and the agents on what was rented. */
import * as Effect from "effect/Effect"
import type { NodeToken } from "../../events/ids.ts"
import type { Task } from "../../task/Task.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import type { Cloud, CloudError, NodeRef } from "../clouds/Cloud.ts"
import type { Offered } from "../clouds/Offered.ts"
import { folderId, readFolderId } from "../home/folder-id.ts"
import { agentsOver } from "../over-ssh/agents.ts"
import { hostKeyFor, ourKey } from "../over-ssh/our-keys.ts"
import type { Connections } from "../remote/Connections.ts"
import { makeInstall, type Seen } from "./install.ts"
import { rentedMachines } from "./logins.ts"
import { underWay } from "./own-settings.ts"
import { proxyCommandIn, type RentedSettings } from "./settings.ts"

export interface RentedCloudOptions {
  /** The daemon's state folder, absolute. */
  readonly home: string
  /** The bundled agent, `dist/agent.cjs`. */
  readonly agentPath: string
  readonly connections: Connections["Service"]
  /** The list of its offers; read when it is first asked for. */
  readonly catalog: () => Catalog | undefined
}

interface Rented {
  readonly cloud: string
  readonly settings: Effect.Effect<Pick<RentedSettings, "sshProxyCommand">, CloudError>
}

interface Nodes {
  readonly look: (ref: NodeRef) => Effect.Effect<Seen | undefined, CloudError>
  /** Its machine runs; nothing of what is on it is looked at. */
  readonly start: Cloud["start"]
}

export const makeRented = ({ agentPath, connections, home }: Omit<RentedCloudOptions, "catalog">, { cloud, settings }: Rented) => {
  const key = Effect.promise(() => ourKey(home))
  const folder = Effect.promise(() => folderId(home))
  const machines = rentedMachines({
    agentPath,
    connections,
    key,
    proxyCommand: (region) => Effect.map(underWay(settings), ({ sshProxyCommand }) => proxyCommandIn(sshProxyCommand, region) ?? null)
  })
  const hostKeyOf = (token: NodeToken) => Effect.map(key, (login) => hostKeyFor(login, token).public)
  return {
    key,
    folder,
    /** Null where the state folder has none yet, and so has never rented anything. */
    knownFolder: Effect.promise(() => readFolderId(home)),
    /** The key that a machine of the token shows. */
    hostKeyOf,
    /** `offered`: of a task, in regions that the user's settings let be used. */
    offersBy:
      (offered: (task: Task, mayUse: (region: string) => boolean) => Offered): Cloud["offers"] =>
      (task) =>
        Effect.match(settings, {
          onSuccess: ({ sshProxyCommand }) => offered(task, (region) => proxyCommandIn(sshProxyCommand, region) !== undefined),
          onFailure: ({ message }): Offered => ({ offers: [], reason: message })
        }),
    /** The cloud's part that agents do, once their machines run. */
    agents: ({ look, start }: Nodes) => {
      const { install, restart } = makeInstall({ cloud, machines, look: (ref) => underWay(look(ref)), folder, hostKeyOf })
      return {
        ...agentsOver(machines),
        start: Effect.fn("RentedCloud.start")(function* (ref) {
          const { address } = yield* underWay(start(ref))
          yield* restart({ ...ref, address })
          return { address }
        }),
        installAgent: install,
        // Nobody reads the disk of a machine that is off.
        journalAtRest: () => Effect.succeed(null)
      } satisfies Partial<Cloud>
    }
  }
}
