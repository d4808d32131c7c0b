/** How long a plan over all lists of offers takes, the first of a daemon and later ones, and what the lists take of its memory. */
import { join, resolve } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { openCatalogs } from "../daemon/catalog/Catalogs.ts"
import { Home, Wire } from "./Home.ts"
import { type Bench, inTurns, ms } from "./measure.ts"

const ten = ["V100:4", "A100:8", "T4", "L4", "H100:8", "A10G", "K80", "P100:2", "V100:8", "T4:4"]
const asked = {
  gpu: { accelerators: "V100:4" },
  cpus: { cpus: "4+", any_of: [{ cloud: "aws" }, { cloud: "gcp" }] },
  ten: { any_of: ten.map((accelerators) => ({ accelerators })) }
} as const

const callMs = async (wire: Wire, method: string, params: object): Promise<number> => {
  const begunMs = performance.now()
  await wire.call(method, params)
  return performance.now() - begunMs
}

const planMs = (wire: Wire, resources: object) => callMs(wire, "optimize", { task: { resources } })

const firstMs = async (home: Home): Promise<number> => {
  home.sky("daemon", "restart")
  const wire = await Wire.open(home.socket)
  await wire.call("daemon.status", {})
  const took = await planMs(wire, asked.gpu)
  wire.close()
  return took
}

const heldMb = (): number => {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  const used = () => {
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const all = openCatalogs(join(resolve(import.meta.dirname, ".."), "dist/catalog"), "/nowhere").all()
  const after = used()
  return all.length === 0 ? Number.NaN : (after - before) / 1e6
}

export const plan: Bench = {
  name: "plan",
  run: async () => {
    const home = new Home()
    try {
      home.sky("daemon", "start")
      const { first } = await inTurns({ first: () => firstMs(home) })
      const wire = await Wire.open(home.socket)
      const warm = await inTurns({
        bare: () => callMs(wire, "daemon.status", {}),
        gpu: () => planMs(wire, asked.gpu),
        cpus: () => planMs(wire, asked.cpus),
        ten: () => planMs(wire, asked.ten)
      })
      wire.close()
      const detail = `over the socket; a question that needs no list ${ms(warm.bare)}`
      return [
        { what: "first plan of a daemon, V100:4", value: first, budget: 60, unit: "ms", detail },
        { what: "plan of V100:4", value: warm.gpu, budget: 20, unit: "ms", detail },
        { what: "plan of cpus 4+", value: warm.cpus, budget: 20, unit: "ms", detail },
        { what: "plan of ten alternatives", value: warm.ten, budget: 20, unit: "ms", detail },
        { what: "memory that the lists take", value: heldMb(), budget: 25, unit: "MB", detail: "heap and buffers after a collection" }
      ]
    } finally {
      home.end(false)
    }
  }
}
