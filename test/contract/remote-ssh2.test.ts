/** Connections against the ssh2 server in this process. */
import { SshServer } from "../fakes/ssh-server.ts"
import { remoteContract } from "./remote.contract.ts"
import { remoteLoginContract } from "./remote-login.contract.ts"
import type { MakeMachine } from "./remote-machines.ts"

const make: MakeMachine = async (authorized) => {
  const server = await SshServer.start(authorized)
  return {
    get hostKey() {
      return server.hostKey
    },
    target: (changes) => server.target(changes),
    authorize: async (publicKey) => void server.knobs.authorized.push(publicKey),
    maxSessions: async (count) => {
      server.knobs.maxSessions = count
    },
    allowForwarding: async (allowed) => {
      server.knobs.allowForwarding = allowed
    },
    password: async (password) => {
      server.knobs.password = password
    },
    changeHostKey: async () => server.changeHostKey(),
    freeze: async () => server.freeze(),
    thaw: async () => server.thaw(),
    breakOff: async () => server.cut(),
    end: () => server.stop()
  }
}

remoteContract("a machine behind ssh2's server", make)
remoteLoginContract("the way to a machine behind ssh2's server", make)
