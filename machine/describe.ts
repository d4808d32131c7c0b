/** What this machine is, for whoever thinks of using it. */
import { statfs } from "node:fs/promises"
import { homedir, networkInterfaces } from "node:os"
import { user } from "./environment.ts"
import { bootId } from "./folder.ts"
import { cpus, findAccelerators, memoryGib } from "./hardware.ts"
import type { Description } from "./shapes.ts"

const addresses = () =>
  Object.values(networkInterfaces()).flatMap((found = []) => found.filter(({ internal }) => !internal).map(({ address }) => address))

const freeGib = async (folder: string) => {
  const { bavail, bsize } = await statfs(folder)
  return Math.floor((bavail * bsize) / 1024 ** 3)
}

export const describe = async (base: string): Promise<Description> => ({
  cpus: cpus(),
  memoryGib: memoryGib(),
  accelerators: await findAccelerators(),
  bootId: await bootId(),
  os: process.platform,
  arch: process.arch,
  nodeVersion: process.version,
  user: user(),
  home: homedir(),
  addresses: addresses(),
  freeDiskGib: await freeGib(base)
})
