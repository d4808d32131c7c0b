/** The network of machines that are namespaces: a bridge and a range of addresses; and whether there can be any here. */
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { describe } from "vitest"

export const sshd = "/usr/sbin/sshd"

export const run = (program: string, ...args: ReadonlyArray<string>): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
export const attempt = (program: string, ...args: ReadonlyArray<string>): boolean => {
  try {
    run(program, ...args)
    return true
  } catch {
    return false
  }
}

const lacking = (): string | null => {
  if (process.getuid?.() !== 0) return "root"
  if (!existsSync(sshd)) return "sshd (apt-get install openssh-server)"
  const name = `skyp${randomBytes(3).toString("hex")}`
  if (!attempt("ip", "netns", "add", name)) return "network namespaces (ip netns)"
  const links = attempt("ip", "link", "add", name, "type", "bridge")
  for (const kind of links ? ["link", "netns"] : ["netns"]) attempt("ip", kind, "del", name)
  return links ? null : "network bridges (ip link add type bridge)"
}

/** Null: there can be machines. */
export const whyNoMachines = lacking()
if (whyNoMachines !== null) console.warn(`\n*** SKIPPED: tests on real machines over ssh need ${whyNoMachines} ***\n`)
/** `describe` for tests that need machines. */
export const describeWithMachines = describe.skipIf(whyNoMachines !== null)

/** The network that this process and its machines share. */
export class Network {
  readonly bridge = `skyb${randomBytes(3).toString("hex")}`
  /** Of the ranges for private use, one that nobody else in this machine has. */
  readonly prefix: string
  private last = 10
  private machines = 0

  constructor() {
    run("ip", "link", "add", this.bridge, "type", "bridge")
    for (;;) {
      const [a, b] = randomBytes(2)
      const prefix = `10.${64 + (a! % 64)}.${b}`
      if (run("ip", "route").includes(`${prefix}.`)) continue
      this.prefix = prefix
      break
    }
    run("ip", "addr", "add", `${this.prefix}.1/24`, "dev", this.bridge)
    run("ip", "link", "set", this.bridge, "up")
  }

  join(): string {
    this.machines++
    return `${this.prefix}.${++this.last}`
  }
  /** It goes with its last machine. */
  leave(): void {
    if (--this.machines > 0) return
    attempt("ip", "link", "del", this.bridge)
    network = undefined
  }
}
let network: Network | undefined
/** Made with the first machine. */
export const sharedNetwork = (): Network => (network ??= new Network())
