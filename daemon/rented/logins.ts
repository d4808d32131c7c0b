/** Machines that were made for us: at an address, and let in by our key alone. */
import * as Effect from "effect/Effect"
import type { CloudError, NodeRef } from "../clouds/Cloud.ts"
import { transient } from "../over-ssh/errors.ts"
import { makeMachines } from "../over-ssh/Machines.ts"
import { bootstrap } from "../remote/bootstrap.ts"
import type { Connections } from "../remote/Connections.ts"
import { portOfSsh, type Target } from "../remote/Target.ts"
import { loginUser } from "./user-data.ts"

interface Machine {
  readonly host: string
  readonly address: string
  readonly proxyCommand: string | null
}

interface LoginOptions {
  readonly connections: Connections["Service"]
  /** The bundled agent. */
  readonly agentPath: string
  readonly key: Effect.Effect<{ readonly file: string }>
  /** What leads to the machines of a region; null where nothing is needed. */
  readonly proxyCommand: (region: string) => Effect.Effect<string | null, CloudError>
}

export const rentedMachines = ({ agentPath, connections, key, proxyCommand }: LoginOptions) =>
  makeMachines<Machine>({
    connections,
    keyOf: ({ address, host }) => `${host} ${address}`,
    machineOf: Effect.fn("rented.machineOf")(function* ({ address, host, node, region }: NodeRef) {
      if (address === null) return yield* transient("NoAddress", `${host ?? node} has no address`)
      return { host: host ?? node, address, proxyCommand: yield* proxyCommand(region ?? "") }
    }),
    targetOf: ({ address, proxyCommand: command }, hostKey) =>
      Effect.map(
        key,
        ({ file }): Target => ({
          name: address,
          host: address,
          port: portOfSsh,
          user: loginUser,
          identityFiles: [file],
          identitiesOnly: true,
          agent: null,
          password: null,
          proxyJump: null,
          proxyCommand: command,
          hostKey,
          hostKeyAlias: null,
          // Addresses of clouds are used again: what others were called there says nothing.
          knownHosts: []
        })
      ),
    bring: (_, target, ground) => bootstrap(connections, target, agentPath, { mirror: null, ...(ground && { ground }) })
  })
