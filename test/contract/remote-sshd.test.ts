/** Connections against OpenSSH's own server, on machines in namespaces. */
import { whyNoMachines } from "../e2e/netns.ts"
import { SshMachine } from "../e2e/sshd.ts"
import { remoteContract } from "./remote.contract.ts"
import { remoteLoginContract } from "./remote-login.contract.ts"
import type { MakeMachine } from "./remote-machines.ts"

const make: MakeMachine = async (authorized) => {
  const machine = await SshMachine.start(authorized)
  return {
    get hostKey() {
      return machine.hostKey
    },
    target: (changes) => machine.target(changes),
    authorize: async (publicKey) => machine.authorize(publicKey),
    maxSessions: (count) => machine.configure({ maxSessions: count }),
    allowForwarding: (allowed) => machine.configure({ allowForwarding: allowed }),
    password: (password) => machine.configure({ password }),
    changeHostKey: () => machine.changeHostKey(),
    freeze: async () => machine.cut(),
    thaw: async () => machine.heal(),
    breakOff: async () => machine.breakConnections(),
    end: () => machine.end()
  }
}

remoteContract("a machine behind OpenSSH", make, whyNoMachines)
remoteLoginContract("the way to a machine behind OpenSSH", make, whyNoMachines)
