/** Machines over real ssh, in namespaces of this one: how long until a job runs on one that answers, with a Node and without, and what a job costs there. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { whyNoMachines } from "../test/e2e/netns.ts"
import { SshMachine } from "../test/e2e/sshd.ts"
import { keyPair } from "../test/fakes/ssh-keys.ts"
import { Home } from "./Home.ts"
import { firstOutputMs } from "./launch.ts"
import { type Bench, type Figure, floorMs, inTurns, ms, node } from "./measure.ts"

const times = 5
const program = "/home/node/bin/node"

/** One way there and back: a connection is made with that. */
const roundTripMs = ({ address }: SshMachine): Promise<number> => {
  const startMs = performance.now()
  return new Promise((done, fail) => {
    const socket = connect({ host: address, port: 22 }, () => {
      done(performance.now() - startMs)
      socket.destroy()
    })
    socket.once("error", fail)
  })
}

const figuresOf = async (machine: SshMachine, home: Home): Promise<ReadonlyArray<Figure>> => {
  /** As nobody has seen it before; the daemon too is another. */
  const anew = async (hasNode: boolean) => {
    machine.inside(`rm -rf ~node/.skyd-node; ${hasNode ? "ln -f ~node/kept" : "rm -f"} ${program}`)
    home.sky("daemon", "restart")
    return firstOutputMs(home, "--infra", "ssh/rack")
  }
  const { floor, has, lacks } = await inTurns({ floor: floorMs, has: () => anew(true), lacks: () => anew(false) }, times)
  home.sky("launch", "-y", "-d", "-c", "bench", "--infra", "ssh/rack")
  const warm = await inTurns({
    floor: floorMs,
    exec: () => home.wallMs("exec", "bench", "true"),
    roundTrip: () => roundTripMs(machine)
  })
  const detail = (value: number) => `${(value / floor).toFixed(1)} × node -e 0 (${ms(floor)}); median of ${times}`
  return [
    { what: "ssh answers to the job's output, with a Node", value: has, budget: 1000, unit: "ms", detail: detail(has) },
    { what: "… without: ours is pushed", value: lacks, budget: 5000, unit: "ms", detail: detail(lacks) },
    {
      what: "exec of true over ssh, over node -e 0 and a way",
      value: warm.exec - warm.floor - warm.roundTrip,
      budget: 40,
      unit: "ms",
      detail: `${ms(warm.exec)}, node -e 0 ${ms(warm.floor)}, there and back ${ms(warm.roundTrip)}`
    }
  ]
}

export const ssh: Bench = {
  name: "ssh",
  run: async () => {
    if (whyNoMachines !== null) return []
    const pair = keyPair("user")
    const machine = await SshMachine.start([pair])
    const home = new Home()
    try {
      await machine.configure({ environment: { PATH: "/home/node/bin:/usr/bin:/bin" } })
      machine.inside("for at in /usr/local/bin/node /usr/bin/node; do [ ! -e $at ] || mount --bind /bin/false $at; done")
      mkdirSync(join(machine.home, "bin"))
      copyFileSync(node, join(machine.home, "kept"))
      const key = join(machine.home, "../../key")
      writeFileSync(key, pair.private, { mode: 0o600 })
      const pool = `rack:\n  user: node\n  identity_file: ${key}\n  hosts: [${machine.address}]\n`
      writeFileSync(join(home.folder, "ssh_node_pools.yaml"), pool)
      return await figuresOf(machine, home)
    } finally {
      home.end()
      await machine.end()
    }
  }
}
